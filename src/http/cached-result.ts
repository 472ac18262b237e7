import type { ExecutionResult } from 'graphql';
import type { Level } from '../cache/index.ts';
import type { Part } from './incremental.ts';
import type { KeptFacts } from './kept-answer.ts';
import type { Question } from './question.ts';

/** What an answer says about where it came from: `extensions.cache`. */
export interface CacheReport {
  readonly status: 'HIT' | 'MISS' | 'STALE' | 'BYPASS';
  readonly level: Level | null;
  readonly scope: 'PUBLIC' | 'TENANT' | 'PRIVATE';
  readonly ageMs: number;
  readonly ttlMs: number;
  readonly reason: string | null;
}

export interface CachedBytes extends Omit<KeptFacts, 'scope'> {
  /** The whole answer as JSON, ready to send, without a report. */
  readonly bytes: Uint8Array;
  readonly report: CacheReport;
  /** Whether it was made for somebody else who asked for the same. @default false */
  readonly isCollapsed?: boolean;
  /** What it answers. */
  readonly question: Question;
}

export type CachedResult =
  | CachedBytes
  | { readonly result: ExecutionResult; readonly report: CacheReport; readonly isCollapsed?: boolean }
  /** Parts as they are made, for a client that takes them. */
  | { readonly parts: AsyncIterable<Part>; readonly report: CacheReport };
