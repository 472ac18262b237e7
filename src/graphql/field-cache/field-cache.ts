import DataLoader from 'dataloader';
import { createKey, type Computed, type Entry, type FindRequest, type SnapshotReader } from '../../cache/index.ts';
import { canonicalText } from '../canonical.ts';
import type { LearnedScopes } from '../learned-scope.ts';
import { aspectValue, type Aspect, type Asker } from '../observed-viewer.ts';
import type { Part } from '../part.ts';
import { decodeValue, encodeValue, valueFormat } from './value-codec.ts';

/** One value that is kept by itself: what it is of, and how it is made. */
export interface FieldRequest {
  /** `Dashboard.tickets`. */
  readonly coordinate: string;
  /** All that it is made from of its parent, as plain data. */
  readonly parent: unknown;
  readonly args: unknown;
  /** Seconds. */
  readonly maxAgeS: number;
  /** Whether it is for one person alone, whatever it is seen to be made from. @default false */
  readonly isPrivate?: boolean;
  /**
   * Whether values of this coordinate that are asked for at once are made in one part, so that its loaders batch them;
   * each then depends on what any of them does. @default false
   */
  readonly isBatched?: boolean;
  /** Makes the value with the context of its part. */
  readonly resolve: (part: Part) => unknown;
}

/** Values of single fields, shared by all queries that ask for them: each under its own scope, with its own tags. */
export interface FieldCache {
  /** Each time a value of its own, as it would be after having been kept: whoever gets it may change it. */
  resolve(request: FieldRequest): Promise<unknown>;
}

export interface FieldCacheOptions {
  /** What may be found, for the data this run reads; null where nothing can be checked. */
  snapshot: () => Promise<SnapshotReader | null>;
  /** Makes keys that nobody else can. */
  keySecret: string;
  /** Names the code that makes the values: another release may make them in another shape. */
  codeHash: string;
  asker: Asker;
  scopes: LearnedScopes;
  /** Make every value afresh, and keep it. */
  refresh: boolean;
  /** How old what is found may be, in milliseconds; Infinity: any age. */
  maxAgeMs: number;
  /** The instant of the run, wall clock, in milliseconds since 1970. */
  atMs: number;
  /** Opens a part of the run, which records what its values are made from. */
  openPart: () => Part;
  /** All of the run: what cannot be kept is made there. */
  whole: () => Part;
  /** Told of each value that was found instead: the run depends on what it depends on. */
  rely: (entry: Entry, scope: readonly Aspect[]) => void;
}

/** Where a value is kept. */
interface Place {
  readonly key: string;
  /** What of the viewer the key tells. */
  readonly scope: readonly Aspect[];
}

type Value = Omit<Computed, 'stamp'>;

/** Counted apart from whole answers. */
const layer = 'field';

/** Values asked for in one turn of the event loop are looked up at once, and those that are missing are made together. */
export function createFieldCache(options: FieldCacheOptions): FieldCache {
  const { asker, scopes, refresh, maxAgeMs, atMs, rely } = options;
  let opening: Promise<SnapshotReader | null> | null = null;
  const snapshot = () => (opening ??= options.snapshot());
  /** What this run has found or made, by key: however many fields ask for the same. */
  const bodies = new Map<string, Promise<Uint8Array>>();
  /** Of one turn, by coordinate. */
  let parts = new Map<string, Part>();

  const lookUp = new DataLoader<FindRequest, Entry | null>(
    async (requests) => {
      const reader = refresh ? null : await snapshot();
      const found = await reader?.find(requests);
      parts = new Map();
      return requests.map((_, index) => {
        const entry = found?.[index];
        return entry && atMs - entry.storedAtMs <= maxAgeMs ? entry : null;
      });
    },
    { cache: false },
  );

  return {
    async resolve(request) {
      const reader = await snapshot();
      if (!reader) return request.resolve(options.whole());
      const place = placeOf(request);
      const body = bodies.get(place.key) ?? findOrMake(request, place, reader);
      bodies.set(place.key, body);
      return decodeValue(await body);
    },
  };

  async function findOrMake(request: FieldRequest, place: Place, reader: SnapshotReader): Promise<Uint8Array> {
    const found = await lookUp.load({ key: place.key, operation: request.coordinate, layer });
    if (!found) return make(request, place, reader);
    rely(found, place.scope);
    return found.body;
  }

  async function make(request: FieldRequest, { key, scope }: Place, reader: SnapshotReader): Promise<Uint8Array> {
    const operation = request.coordinate;
    const part = partFor(request);
    let made: Value | null = null;
    const compute = async () => {
      made = await valueOf(request, part);
      scopes.learn(operation, asker, part.seen);
      // Others may be waiting under a key that says too little about them.
      if (![...part.seen].every((aspect) => scope.includes(aspect))) throw new WiderThanKnown();
      return made;
    };
    try {
      const entry = await reader.make({ key, operation, layer, refresh, compute });
      if (!made) rely(entry, scope);
      return entry.body;
    } catch (error) {
      if (!(error instanceof WiderThanKnown) || !made) throw error;
      const value: Value = made;
      const wider = placeOf(request);
      await reader.make({ key: wider.key, operation, layer, refresh, compute: async () => value });
      return value.body;
    }
  }

  function placeOf({ coordinate, parent, args, isPrivate }: FieldRequest): Place {
    const learned = scopes.of(coordinate, asker);
    const identity = textOf(parent, coordinate);
    const scope: readonly Aspect[] = isPrivate && !learned.includes('person') ? [...learned, 'person'] : learned;
    const key = createKey(options.keySecret, [
      'field',
      options.codeHash,
      valueFormat,
      coordinate,
      identity,
      canonicalText(args),
      asker.viewer.tenantId,
      ...scope.flatMap((aspect) => [aspect, aspectValue(asker, aspect)]),
    ]);
    return { key, scope };
  }

  function partFor({ coordinate, isBatched = false }: FieldRequest): Part {
    const part = (isBatched && parts.get(coordinate)) || options.openPart();
    if (isBatched) parts.set(coordinate, part);
    return part;
  }
}

/** Encoded at once: what happens to the value afterwards is nothing to those who find it. */
async function valueOf({ coordinate, maxAgeS, resolve }: FieldRequest, part: Part): Promise<Value> {
  const body = encodeValue(await resolve(part), coordinate);
  const { fromMs: freshFromMs, untilMs: freshUntilMs } = part.holds;
  return { body, meta: {}, tags: [...part.reads], ttlMs: maxAgeS * 1000, freshFromMs, freshUntilMs };
}

function textOf(parent: unknown, coordinate: string): string {
  try {
    return canonicalText(parent);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'it is no plain data';
    const message = `${coordinate} is cached, but nothing tells one parent from another (${why}): `;
    throw new Error(`${message}name what it needs of its parent, cached: { parent: ['id'] }.`, { cause });
  }
}

/** The value depends on more of its viewer than its key says. */
class WiderThanKnown extends Error {}
