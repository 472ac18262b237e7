import { createKey, type CacheReader, type Computed, type ComputeWhere, type StalePolicy } from '../cache/index.ts';
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
  /** Names the code that loads viewers: what another release noted about somebody is never found. */
  codeHash: string;
  /** Opens a session that records what is read. */
  openSession: (where: { primary: boolean }) => TenantSession;
  loadViewer: (session: TenantSession, personId: Identity['personId']) => Promise<Viewer | null>;
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

/** Who is asking, from the cache where nothing about them has changed. */
export async function knownViewer(options: KnownViewerOptions): Promise<KnownViewer> {
  const { identity, reader, keySecret, codeHash, openSession, loadViewer, onClose } = options;
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
    stale: lastKnown,
    key: createKey(keySecret, ['viewer', codeHash, identity.tenantId, identity.personId]),
    operation: 'viewer',
    layer: 'viewer',
    compute: (where) => (loading = load(where)),
  });
  const viewer = parseViewer(Buffer.from(entry.body).toString('utf8'));
  const confirm = async () => {
    const loaded = await loading?.catch(() => null);
    if (!loaded) throw new AppError('SERVICE_UNAVAILABLE', 'The database cannot be reached. Try again soon.');
    const isSame = Buffer.from(entry.body).equals(loaded.body);
    return isSame ? viewer : parseViewer(Buffer.from(loaded.body).toString('utf8'));
  };
  let confirming: Promise<Viewer | null> | null = null;
  return { viewer, confirm: async () => (status === 'STALE' ? (confirming ??= confirm()) : viewer) };
}
