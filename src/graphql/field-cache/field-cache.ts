import DataLoader from 'dataloader';
import { createKey, type Computed, type Entry, type FindRequest, type SnapshotReader } from '../../cache/index.ts';
import { canonicalText } from '../canonical.ts';
import type { LearnedScopes } from '../learned-scope.ts';
import { aspectValue, type Aspect, type Asker } from '../observed-viewer.ts';
import type { Part } from '../part.ts';
import { decodeValue, encodeValue } from './value-codec.ts';

/** One value that is kept by itself: what it is of, and how it is made. */
export interface FieldRequest {
  /** `Dashboard.tickets`. */
  readonly coordinate: string;
  /** Which object it is a field of; equal for equal objects only. */
  readonly parent: unknown;
  readonly args: unknown;
  /** Seconds. */
  readonly maxAgeS: number;
  /** Makes the value with the context of its part. */
  readonly resolve: (part: Part) => unknown;
}

/** Values of single fields, shared by all queries that ask for them: each under its own scope, with its own tags. */
export interface FieldCache {
  resolve(request: FieldRequest): Promise<unknown>;
}

export interface FieldCacheOptions {
  /** What may be found, for the data this run reads; null where nothing can be checked. */
  snapshot: () => Promise<SnapshotReader | null>;
  /** Makes keys that nobody else can. */
  keySecret: string;
  schemaHash: string;
  asker: Asker;
  scopes: LearnedScopes;
  /** Make every value afresh, and keep it. */
  refresh: boolean;
  /** Opens a part of the run, which records what its values are made from. */
  openPart: () => Part;
  /** Told of each value that was found instead: the run depends on what it depends on. */
  rely: (entry: Entry, scope: readonly Aspect[]) => void;
}

interface Making {
  part: Part;
  reader: SnapshotReader;
  scope: readonly Aspect[];
}

/** Values asked for in one turn of the event loop are looked up at once, and those that are missing are made together. */
export function createFieldCache(options: FieldCacheOptions): FieldCache {
  const { asker, scopes } = options;
  let opening: Promise<SnapshotReader | null> | null = null;
  const snapshot = () => (opening ??= options.snapshot());
  /** Of one turn, by coordinate: loaders of one part batch what several objects of a list ask for. */
  let parts = new Map<string, Part>();

  const lookUp = new DataLoader<FindRequest, Entry | null>(
    async (requests) => {
      const reader = options.refresh ? null : await snapshot();
      const found = await reader?.find(requests);
      parts = new Map();
      return found ?? requests.map(() => null);
    },
    { cache: false },
  );

  const partFor = (coordinate: string): Part => {
    const part = parts.get(coordinate) ?? options.openPart();
    parts.set(coordinate, part);
    return part;
  };

  const keyOf = ({ coordinate, parent, args }: FieldRequest, scope: readonly Aspect[]): string =>
    createKey(options.keySecret, [
      'field',
      options.schemaHash,
      coordinate,
      canonicalText(parent),
      canonicalText(args),
      asker.viewer.tenantId,
      ...scope.flatMap((aspect) => [aspect, aspectValue(asker, aspect)]),
    ]);

  return {
    async resolve(request) {
      const { coordinate } = request;
      const scope = scopes.of(coordinate);
      const found = await lookUp.load({ key: keyOf(request, scope), operation: coordinate });
      if (found) {
        options.rely(found, scope);
        return decodeValue(found.body);
      }
      const part = partFor(coordinate);
      const reader = await snapshot();
      return reader ? make(request, { part, reader, scope }) : request.resolve(part);
    },
  };

  async function make(request: FieldRequest, { part, reader, scope }: Making): Promise<unknown> {
    const { coordinate, maxAgeS } = request;
    let made: { value: unknown; computed: Omit<Computed, 'stamp'> } | null = null;
    const compute = async () => {
      const value = await request.resolve(part);
      const { reads, seen, holds } = part;
      const computed = { body: encodeValue(value, coordinate), meta: {}, tags: [...reads], ttlMs: maxAgeS * 1000 };
      made = { value, computed: { ...computed, freshFromMs: holds.fromMs, freshUntilMs: holds.untilMs } };
      scopes.learn(coordinate, seen);
      // Others may be waiting under a key that says too little about them.
      if (![...seen].every((aspect) => scope.includes(aspect))) throw new WiderThanKnown();
      return made.computed;
    };
    try {
      const { refresh } = options;
      const entry = await reader.make({ key: keyOf(request, scope), operation: coordinate, refresh, compute });
      if (made) return (made as { value: unknown }).value;
      options.rely(entry, scope);
      return decodeValue(entry.body);
    } catch (error) {
      if (!(error instanceof WiderThanKnown) || !made) throw error;
      const { value, computed } = made as { value: unknown; computed: Omit<Computed, 'stamp'> };
      const key = keyOf(request, scopes.of(coordinate));
      await reader.make({ key, operation: coordinate, compute: async () => computed });
      return value;
    }
  }
}

/** The value depends on more of its viewer than its key says. */
class WiderThanKnown extends Error {}
