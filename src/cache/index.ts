export { createCache } from './cache.ts';
export type {
  CacheOptions,
  CacheReader,
  Coherence,
  CoherentCache,
  Computed,
  ComputeWhere,
  FindRequest,
  MakeRequest,
  ReadRequest,
  ReadResult,
  SnapshotReader,
  SnapshotRequest,
} from './cache.ts';
export { AskAgain } from './readers/outcome.ts';
export type { StalePolicy } from './readers/stale.ts';
export { everything, purged, softly } from './coherence/change-log.ts';
export type {
  AppendableChangeLog,
  Change,
  ChangeLog,
  Pull,
  Seq,
  Tag,
  Tenant,
  TenantChanges,
} from './coherence/change-log.ts';
export { createCounters } from './counters.ts';
export type { CacheCounts, Counters, OperationCounts } from './counters.ts';
export { EncryptionKeysError, parseEncryptionKeys } from './codec/encryption-keys.ts';
export type { EncryptionKey } from './codec/encryption-keys.ts';
export { TagMap } from './coherence/tag-map.ts';
export type { TagMapOptions } from './coherence/tag-map.ts';
export type { Entry, Meta } from './entry.ts';
export { createEvents } from './events.ts';
export type { CacheEvent, Emit, Events, Layer, Level, MissReason, RejectReason } from './events.ts';
export { createKey } from './key.ts';
export type { KeyPart } from './key.ts';
export { countHeld, createPurge, tagsOfPurge } from './purge.ts';
export type { Held, HeldHere, Purged, PurgeOptions, PurgeRequest } from './purge.ts';
export { createMemoryStore } from './stores/memory.ts';
export type { MemoryStore } from './stores/memory.ts';
export { createRemoteStore } from './stores/remote.ts';
export type { BlobStore, RemoteStore } from './stores/remote.ts';
export { createMemoryLog } from './coherence/memory-log.ts';
export { changeTags } from './drop-in/answer-tags.ts';
export { useAwaitedInvalidations } from './drop-in/await-invalidations.ts';
export { createCoherentCache } from './drop-in/create-coherent-cache.ts';
export type { CoherentCacheOptions, CoherentResponseCache } from './drop-in/create-coherent-cache.ts';
