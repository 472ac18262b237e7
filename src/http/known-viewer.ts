import { LRUCache } from 'lru-cache';
import {
  createKey,
  type CacheReader,
  type Computed,
  type ComputeWhere,
  type Entry,
  type StalePolicy,
} from '../cache/index.ts';
import type { SessionCost, TenantSession } from '../db/session.ts';
import { AppError } from '../errors.ts';
import { parseViewer, viewerText, type Viewer } from '../graphql/viewer.ts';
import type { Identity } from './tokens.ts';

/** A backstop: what a person may do changes with the change log, at once. */
const viewerTtlMs = 30 * 60_000;

export interface KnownViewerOptions {
  identity: Identity;
  reader: CacheReader;
  keySecret: string;
  /** Opens a session that records what is read. */
  openSession: (where: { primary: boolean }) => TenantSession;
  onClose: (cost: SessionCost) => void;
}

export interface KnownViewer {
  /** null where nobody may come in by this token. */
  viewer: Viewer | null;
  /**
   * Who they are by what the database says: `viewer` itself, at once, unless that is who was last known because the
   * database could not be asked or takes long. Fails where it says nothing.
   */
  confirm: () => Promise<Viewer | null>;
}

/** While the database is away, nobody's permissions can change in it: for a while, people are who they were. */
const lastKnown: StalePolicy = { ifErrorMs: viewerTtlMs, whenChanged: 'never', softTimeoutMs: 30_000 };

/** People whose keys are remembered. */
const maxKeys = 10_000;

export interface KnownViewerNeeds {
  /** Names the code that loads viewers: what another release noted about somebody is never found. */
  codeHash: string;
  loadViewer: (session: TenantSession, personId: Identity['personId']) => Promise<Viewer | null>;
}

/** Answers who is asking, from the cache where nothing about them has changed. */
export function createKnownViewer({ codeHash, loadViewer }: KnownViewerNeeds) {
  const keys = new LRUCache<string, { key: string; keySecret: string }>({ max: maxKeys });
  const viewers = new WeakMap<Entry, Viewer | null>();

  const keyOf = (keySecret: string, { tenantId, personId }: Identity): string => {
    const name = `${tenantId}\n${personId}`;
    const known = keys.get(name);
    if (known?.keySecret === keySecret) return known.key;
    const key = createKey(keySecret, ['viewer', codeHash, tenantId, personId]);
    keys.set(name, { key, keySecret });
    return key;
  };
  /** As long as an entry serves, it is the same viewer. */
  const viewerOf = (entry: Entry): Viewer | null => {
    const known = viewers.get(entry);
    if (known !== undefined) return known;
    const viewer = parsed(entry.body);
    viewers.set(entry, viewer);
    return viewer;
  };

  return async ({ identity, reader, keySecret, openSession, onClose }: KnownViewerOptions): Promise<KnownViewer> => {
    const request = { key: keyOf(keySecret, identity), operation: 'viewer', layer: 'viewer' } as const;
    const here = reader.glance(request);
    if (here) {
      const viewer = viewerOf(here);
      return { viewer, confirm: async () => viewer };
    }
    let loading: Promise<Computed> | null = null;
    const load = async (where: ComputeWhere): Promise<Computed> => {
      const session = openSession(where);
      try {
        const stamp = await session.stamp();
        const viewer = await loadViewer(session, identity.personId);
        const body = Buffer.from(viewerText(viewer));
        return { body, meta: {}, stamp, tags: [...session.reads], ttlMs: viewerTtlMs, staleForMs: viewerTtlMs };
      } finally {
        onClose(session.cost);
        await session.close();
      }
    };
    const { entry, status } = await reader.read({
      ...request,
      stale: lastKnown,
      compute: (where) => (loading = load(where)),
    });
    const viewer = viewerOf(entry);
    const confirm = async () => {
      const loaded = await loading?.catch(() => null);
      if (!loaded) throw new AppError('SERVICE_UNAVAILABLE', 'The database cannot be reached. Try again soon.');
      return Buffer.from(entry.body).equals(loaded.body) ? viewer : parsed(loaded.body);
    };
    let confirming: Promise<Viewer | null> | null = null;
    return { viewer, confirm: async () => (status === 'STALE' ? (confirming ??= confirm()) : viewer) };
  };
}

function parsed(body: Uint8Array): Viewer | null {
  return parseViewer(Buffer.from(body).toString('utf8'));
}
