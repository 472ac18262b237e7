import {
  at,
  changesTagA,
  FlightPhase,
  nodeOfReader,
  None,
  ReaderPhase,
  Source,
  SyncPhase,
  WriterPhase,
  type EntryFields,
  type FlightFields,
  type NodeFields,
  type State,
} from './layout.ts';

/** A mistake built into the protocol on purpose, to see that the check would notice it. */
export type SeededBug =
  | 'stamp taken after the query'
  | 'no sync'
  | 'joining an older sync'
  | 'joining any flight'
  | "comparing the flight's stamp with its leader's requirement"
  | 'sequence numbers without the lock'
  | 'evicting a tag without raising the floor'
  | 'restarting with floor 0'
  | 'a replica read unchecked'
  | 'versions kept in Redis with failover';

/** Who takes part. A small cast can be explored to the end; the full one up to a bound. */
export interface Cast {
  readonly writers: readonly number[];
  readonly readers: readonly number[];
  /** Whether flights may read from a replica that lags. */
  readonly replica: boolean;
  /** Whether L2 loses what it was given and comes back as it was before. */
  readonly remoteReverts: boolean;
  /** Whether a node forgets tags to save memory. */
  readonly eviction: boolean;
  /** Whether a node is killed and starts again. */
  readonly restarts: boolean;
}

export const everybody: Cast = {
  writers: [0, 1, 2],
  readers: [0, 1, 2],
  replica: true,
  remoteReverts: true,
  eviction: true,
  restarts: true,
};

export interface World {
  readonly cast: Cast;
  readonly bug: SeededBug | null;
}

export interface Step {
  readonly name: string;
  readonly next: State;
  /** What a reader was answered, where this step answered one. */
  readonly stale?: string;
}

type Take = (step: Step) => void;

/** Every step that can happen next, in this state, in any of the processes. */
export function steps(state: State, world: World, take: Take): void {
  for (const writer of world.cast.writers) writerSteps(state, writer, world, take);
  for (const reader of world.cast.readers) readerSteps(state, reader, world, take);
  at.nodes.forEach((node, index) => nodeSteps(state, index, node, world, take));
  environmentSteps(state, world, take);
}

const get = (state: State, field: number): number => state[field] ?? None;

function after(state: State, changes: readonly (readonly [number, number])[]): State {
  const next = state.slice();
  for (const [field, value] of changes) next[field] = value;
  return next;
}

// ---- what Postgres knows ----

/** The version of the row that depends on tag a, after the first `commits` commits. */
function versionAfter(state: State, commits: number): number {
  let version = 0;
  for (let index = 0; index < commits; index += 1) {
    if (changesTagA(get(state, at.commitOrder[index] ?? 0))) version += 1;
  }
  return version;
}

/** Newest sequence number visible after the first `commits` commits, of all changes or of those of tag a. */
function newestSeq(state: State, commits: number, onlyTagA: boolean): number {
  let newest = 0;
  for (let index = 0; index < commits; index += 1) {
    const writer = get(state, at.commitOrder[index] ?? 0);
    const fields = at.writers[writer];
    if (fields && (!onlyTagA || changesTagA(writer))) newest = Math.max(newest, get(state, fields.seq));
  }
  return newest;
}

/** The newest version somebody has been told about: what a read that begins now must not fall behind. */
function acknowledged(state: State): { version: number; seq: number } {
  let [version, seq] = [0, 0];
  const commits = get(state, at.db.commits);
  for (let index = 0; index < commits; index += 1) {
    const writer = get(state, at.commitOrder[index] ?? 0);
    const fields = at.writers[writer];
    if (fields && get(state, fields.phase) === WriterPhase.acknowledged) {
      version = Math.max(version, versionAfter(state, index + 1));
      seq = Math.max(seq, get(state, fields.seq));
    }
  }
  return { version, seq };
}

// ---- writers ----

function writerSteps(state: State, writer: number, { bug }: World, take: Take): void {
  const fields = at.writers[writer];
  if (!fields) return;
  const phase = get(state, fields.phase);
  const lock = get(state, at.db.lockHolder);
  const locks = bug !== 'sequence numbers without the lock';
  if (phase === WriterPhase.idle && (!locks || lock === None)) {
    const seq = get(state, at.db.nextSeq);
    take({
      name: `writer ${writer} seals ${seq}`,
      next: after(state, [
        [fields.phase, WriterPhase.sealed],
        [fields.seq, seq],
        [at.db.nextSeq, seq + 1],
        [at.db.lockHolder, writer],
      ]),
    });
  }
  if (phase === WriterPhase.sealed) {
    const commits = get(state, at.db.commits);
    take({
      name: `writer ${writer} commits`,
      next: after(state, [
        [fields.phase, WriterPhase.committed],
        [at.commitOrder[commits] ?? 0, writer],
        [at.db.commits, commits + 1],
        [at.db.lockHolder, None],
      ]),
    });
    take({
      name: `writer ${writer} is killed before commit`,
      next: after(state, [
        [fields.phase, WriterPhase.aborted],
        [at.db.lockHolder, None],
      ]),
    });
  }
  if (phase === WriterPhase.committed) {
    const version = changesTagA(writer)
      ? Math.max(get(state, at.redis.version), get(state, fields.seq))
      : get(state, at.redis.version);
    take({
      name: `writer ${writer} acknowledges`,
      next: after(state, [
        [fields.phase, WriterPhase.acknowledged],
        ...(bug === 'versions kept in Redis with failover' ? ([[at.redis.version, version]] as const) : []),
      ]),
    });
  }
}

// ---- readers ----

function readerSteps(state: State, reader: number, { cast, bug }: World, take: Take): void {
  const fields = at.readers[reader];
  const nodeIndex = nodeOfReader(reader);
  const node = at.nodes[nodeIndex];
  if (!fields || !node) return;
  const phase = get(state, fields.phase);
  if (phase === ReaderPhase.idle) {
    const promise = acknowledged(state);
    const joinsRunning = bug === 'joining an older sync' && get(state, node.syncPhase) !== SyncPhase.none;
    const skips = bug === 'no sync' && get(state, node.applied) !== None;
    const waits = joinsRunning ? ReaderPhase.syncing : skips ? ReaderPhase.synced : ReaderPhase.queued;
    take({
      name: `reader ${reader} begins, entitled to version ${promise.version}`,
      next: after(state, [
        [fields.phase, waits],
        [fields.requires, promise.version],
        [fields.requiresSeq, promise.seq],
      ]),
    });
  }
  if (phase === ReaderPhase.synced) lookUp(state, reader, nodeIndex, { cast, bug }, take);
}

function lookUp(state: State, reader: number, nodeIndex: number, { cast, bug }: World, take: Take): void {
  const node = at.nodes[nodeIndex];
  const fields = at.readers[reader];
  if (!node || !fields) return;
  const stored: [string, EntryFields][] = [
    ['L1', node.memory],
    ['L2', at.remote],
  ];
  for (const [level, entry] of stored) {
    if (!isValid(state, node, entry)) continue;
    const next = after(state, [[fields.phase, ReaderPhase.done], ...copyEntry(state, entry, node.memory)]);
    take(answer(next, reader, get(state, entry.version), `reader ${reader} is served from ${level}`));
    if (level === 'L1') return; // L2 is asked only when L1 has nothing usable
  }
  const applied = get(state, node.applied);
  const current = get(state, node.currentFlight);
  const flight = node.flights[current];
  const joinable = flight && (bug === 'joining any flight' || get(state, flight.knownAt) >= applied);
  if (flight && joinable) {
    take({
      name: `reader ${reader} joins flight ${current}`,
      next: after(state, [
        [fields.phase, ReaderPhase.flying],
        [fields.flight, current],
      ]),
    });
    return;
  }
  const free = node.flights.findIndex((candidate) => get(state, candidate.phase) === FlightPhase.none);
  const slot = node.flights[free];
  if (!slot) return; // the bound of this model, not of the protocol: it waits for a slot
  for (const source of cast.replica ? [Source.primary, Source.replica] : [Source.primary]) {
    take({
      name: `reader ${reader} starts flight ${free} on the ${source === Source.primary ? 'primary' : 'replica'}`,
      next: after(state, [
        [fields.phase, ReaderPhase.flying],
        [fields.flight, free],
        [slot.phase, FlightPhase.started],
        [slot.source, source],
        [slot.knownAt, applied],
        [slot.leaderRequires, get(state, fields.requiresSeq)],
        [node.currentFlight, free],
      ]),
    });
  }
}

function answer(next: State, reader: number, version: number, name: string): Step {
  const requires = get(next, at.readers[reader]?.requires ?? 0);
  if (version >= requires) return { name, next };
  return { name, next, stale: `reader ${reader} got version ${version}, entitled to ${requires}` };
}

/** The check of the protocol: nothing that is served skips it. */
function isValid(state: State, node: NodeFields, entry: EntryFields): boolean {
  if (get(state, entry.present) === 0) return false;
  const stamp = get(state, entry.stamp);
  return stamp >= get(state, node.floor) && get(state, node.tagA) <= stamp;
}

function copyEntry(state: State, from: EntryFields, to: EntryFields): (readonly [number, number])[] {
  return (['present', 'stamp', 'version'] as const).map((name) => [to[name], get(state, from[name])] as const);
}

// ---- nodes: syncs, flights, stores, eviction, restarts ----

function nodeSteps(state: State, nodeIndex: number, node: NodeFields, world: World, take: Take): void {
  syncSteps(state, nodeIndex, node, world, take);
  node.flights.forEach((flight, index) => flightSteps(state, { nodeIndex, node, flight, index }, world, take));
  if (get(state, node.lateStore.present)) {
    take({
      name: `node ${nodeIndex} stores late in L2`,
      next: after(state, [
        ...copyEntry(state, at.remote, at.remoteBackup),
        ...copyEntry(state, node.lateStore, at.remote),
        [node.lateStore.present, 0],
        [node.lateStore.stamp, 0],
        [node.lateStore.version, 0],
      ]),
    });
  }
  const tagA = get(state, node.tagA);
  if (world.cast.eviction && tagA > 0 && get(state, node.evictions) === 0) {
    const floor = world.bug === 'evicting a tag without raising the floor' ? 0 : tagA;
    take({
      name: `node ${nodeIndex} forgets tag a`,
      next: after(state, [
        [node.tagA, 0],
        [node.floor, Math.max(get(state, node.floor), floor)],
        [node.evictions, 1],
      ]),
    });
  }
  const running = get(state, node.applied) !== None;
  if (world.cast.restarts && running && get(state, node.restarts) === 0) restart(state, nodeIndex, node, take);
}

function syncSteps(state: State, nodeIndex: number, node: NodeFields, { bug }: World, take: Take): void {
  const phase = get(state, node.syncPhase);
  const mine = at.readers.filter((_, reader) => nodeOfReader(reader) === nodeIndex);
  if (phase === SyncPhase.none) {
    const queued = mine.filter((fields) => get(state, fields.phase) === ReaderPhase.queued);
    if (queued.length === 0) return;
    take({
      name: `node ${nodeIndex} issues a sync`,
      next: after(state, [
        [node.syncPhase, SyncPhase.issued],
        ...queued.map((fields) => [fields.phase, ReaderPhase.syncing] as const),
      ]),
    });
  }
  if (phase === SyncPhase.issued) {
    const commits = get(state, at.db.commits);
    const fromRedis = bug === 'versions kept in Redis with failover';
    take({
      name: `node ${nodeIndex} reads the log`,
      next: after(state, [
        [node.syncPhase, SyncPhase.executed],
        [node.pulledHead, newestSeq(state, commits, false)],
        [node.pulledTagA, fromRedis ? get(state, at.redis.version) : newestSeq(state, commits, true)],
      ]),
    });
  }
  if (phase === SyncPhase.executed) {
    const syncing = mine.filter((fields) => get(state, fields.phase) === ReaderPhase.syncing);
    take({
      name: `node ${nodeIndex} applies the log`,
      next: after(state, [
        ...applyPull(state, node, bug),
        [node.syncPhase, SyncPhase.none],
        [node.pulledHead, 0],
        [node.pulledTagA, 0],
        ...syncing.map((fields) => [fields.phase, ReaderPhase.synced] as const),
      ]),
    });
  }
}

function applyPull(state: State, node: NodeFields, bug: World['bug']): (readonly [number, number])[] {
  const [head, tagA] = [get(state, node.pulledHead), get(state, node.pulledTagA)];
  const applied = get(state, node.applied);
  if (applied === None) {
    return [
      [node.applied, head],
      [node.tagA, 0],
      [node.floor, bug === 'restarting with floor 0' ? 0 : head],
    ];
  }
  // Only rows above `applied` are pulled: a change that became visible below it is never seen.
  const seesChange = bug === 'versions kept in Redis with failover' || tagA > applied;
  return [
    [node.applied, Math.max(applied, head)],
    [node.tagA, seesChange ? tagA : get(state, node.tagA)],
  ];
}

interface FlightPlace {
  readonly nodeIndex: number;
  readonly node: NodeFields;
  readonly index: number;
  readonly flight: FlightFields;
}

function flightSteps(state: State, place: FlightPlace, world: World, take: Take): void {
  const { nodeIndex, index, flight } = place;
  const phase = get(state, flight.phase);
  const onReplica = get(state, flight.source) === Source.replica;
  const commits = get(state, onReplica ? at.db.replicaCommits : at.db.commits);
  const stamp = [flight.stamp, newestSeq(state, commits, false)] as const;
  const version = [flight.version, versionAfter(state, commits)] as const;
  const stampFirst = world.bug !== 'stamp taken after the query';
  if (phase === FlightPhase.started) {
    take({
      name: `flight ${nodeIndex}.${index} takes its ${stampFirst ? 'stamp' : 'data'}`,
      next: after(state, [[flight.phase, FlightPhase.first], stampFirst ? stamp : version]),
    });
  }
  if (phase === FlightPhase.first) {
    take({
      name: `flight ${nodeIndex}.${index} takes its ${stampFirst ? 'data' : 'stamp'}`,
      next: after(state, [[flight.phase, FlightPhase.second], stampFirst ? version : stamp]),
    });
  }
  if (phase === FlightPhase.second) land(state, place, world, take);
}

function land(state: State, { nodeIndex, node, index, flight }: FlightPlace, { bug }: World, take: Take): void {
  const stamp = get(state, flight.stamp);
  const needed = get(
    state,
    bug === "comparing the flight's stamp with its leader's requirement" ? flight.leaderRequires : flight.knownAt,
  );
  if (stamp < needed && get(state, flight.source) === Source.replica && bug !== 'a replica read unchecked') {
    take({
      name: `flight ${nodeIndex}.${index} runs again on the primary`,
      next: after(state, [
        [flight.phase, FlightPhase.started],
        [flight.source, Source.primary],
        [flight.stamp, 0],
        [flight.version, 0],
      ]),
    });
    return;
  }
  const version = get(state, flight.version);
  const waiting = at.readers.flatMap((fields, reader) =>
    nodeOfReader(reader) === nodeIndex &&
    get(state, fields.phase) === ReaderPhase.flying &&
    get(state, fields.flight) === index
      ? [reader]
      : [],
  );
  const next = after(state, [
    ...waiting.map((reader) => [at.readers[reader]?.phase ?? 0, ReaderPhase.done] as const),
    ...Object.values(flight).map((field) => [field, 0] as const),
    ...(get(state, node.currentFlight) === index ? ([[node.currentFlight, None]] as const) : []),
    ...([node.memory, node.lateStore] as const).flatMap(
      (entry) =>
        [
          [entry.present, 1],
          [entry.stamp, stamp],
          [entry.version, version],
        ] as const,
    ),
  ]);
  const answers = waiting.map((reader) => answer(next, reader, version, ''));
  const stale = answers.find((step) => step.stale)?.stale;
  take({ name: `flight ${nodeIndex}.${index} lands with version ${version}`, next, ...(stale && { stale }) });
}

function restart(state: State, nodeIndex: number, node: NodeFields, take: Take): void {
  const lost = at.readers.filter((fields, reader) => {
    const phase = get(state, fields.phase);
    return nodeOfReader(reader) === nodeIndex && phase !== ReaderPhase.idle && phase !== ReaderPhase.done;
  });
  const cleared = [node.tagA, node.floor, node.syncPhase, node.pulledHead, node.pulledTagA].map(
    (field) => [field, 0] as const,
  );
  const entries = [node.memory, node.lateStore, ...node.flights].flatMap((record) =>
    Object.values(record).map((field) => [field, 0] as const),
  );
  take({
    name: `node ${nodeIndex} is killed and starts again`,
    next: after(state, [
      ...cleared,
      ...entries,
      [node.applied, None],
      [node.currentFlight, None],
      [node.restarts, 1],
      ...lost.map((fields) => [fields.phase, ReaderPhase.done] as const),
    ]),
  });
}

// ---- the replica and the second level ----

function environmentSteps(state: State, { cast, bug }: World, take: Take): void {
  const replica = get(state, at.db.replicaCommits);
  if (cast.replica && replica < get(state, at.db.commits)) {
    take({ name: 'the replica replays a commit', next: after(state, [[at.db.replicaCommits, replica + 1]]) });
  }
  if (cast.remoteReverts && get(state, at.remote.present)) {
    take({ name: 'L2 comes back as it was before', next: after(state, copyEntry(state, at.remoteBackup, at.remote)) });
  }
  if (bug === 'versions kept in Redis with failover' && get(state, at.redis.version) > get(state, at.redis.backup)) {
    take({
      name: 'Redis fails over and loses its newest version',
      next: after(state, [[at.redis.version, get(state, at.redis.backup)]]),
    });
  }
}
