/**
 * A state of the model is a row of bytes. Each record below names its bytes; `None` stands for "nothing there".
 */
export type State = Uint8Array;
export const None = 255;

const writers = 3;
const readers = 3;
const nodes = 2;
const flightsPerNode = 2;

/** Writers 0 and 1 change what the cached value depends on (tag a); writer 2 changes something else (tag b). */
export const changesTagA = (writer: number) => writer < 2;
/** Readers 0 and 1 ask node 0; reader 2 asks node 1. */
export const nodeOfReader = (reader: number) => (reader < 2 ? 0 : 1);

export const WriterPhase = { idle: 0, sealed: 1, committed: 2, acknowledged: 3, aborted: 4 } as const;
export const ReaderPhase = { idle: 0, queued: 1, syncing: 2, synced: 3, flying: 4, done: 5 } as const;
export const SyncPhase = { none: 0, issued: 1, executed: 2 } as const;
export const FlightPhase = { none: 0, started: 1, first: 2, second: 3 } as const;
export const Source = { primary: 0, replica: 1 } as const;

let next = 0;
const field = () => next++;
const fields = <Name extends string>(...names: Name[]): Readonly<Record<Name, number>> =>
  Object.fromEntries(names.map((name) => [name, field()])) as Record<Name, number>;
const many = <Value>(count: number, create: () => Value): readonly Value[] => Array.from({ length: count }, create);

export type EntryFields = ReturnType<typeof entryFields>;
const entryFields = () => fields('present', 'stamp', 'version');
const flightFields = () => fields('phase', 'source', 'knownAt', 'leaderRequires', 'stamp', 'version');
export type FlightFields = ReturnType<typeof flightFields>;
const nodeFields = () => ({
  ...fields(
    'applied',
    'tagA',
    'floor',
    'restarts',
    'syncPhase',
    'pulledHead',
    'pulledTagA',
    'currentFlight',
    'evictions',
  ),
  memory: entryFields(),
  lateStore: entryFields(),
  flights: many(flightsPerNode, flightFields),
});
export type NodeFields = ReturnType<typeof nodeFields>;

export const at = {
  db: fields('nextSeq', 'lockHolder', 'commits', 'replicaCommits'),
  commitOrder: many(writers, field),
  writers: many(writers, () => fields('phase', 'seq')),
  readers: many(readers, () => fields('phase', 'requires', 'requiresSeq', 'flight')),
  nodes: many(nodes, nodeFields),
  remote: entryFields(),
  /** What the second level held before: what it comes back with after a failover or from an old backup. */
  remoteBackup: entryFields(),
  /** Only for the seeded bug that keeps versions in Redis. */
  redis: fields('version', 'backup'),
} as const;
export const stateBytes = next;

export function initialState(): State {
  const state = new Uint8Array(stateBytes);
  state[at.db.nextSeq] = 1;
  state[at.db.lockHolder] = None;
  for (const node of at.nodes) {
    state[node.applied] = None;
    state[node.currentFlight] = None;
  }
  return state;
}
