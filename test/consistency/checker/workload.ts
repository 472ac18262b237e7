import type { ClusterNode } from './cluster.ts';
import type { Register } from './register.ts';

/** What an answer shows of one register. */
export type Sighting = readonly [register: Register, version: number];

/** A GraphQL answer, parsed. */
export interface Answer {
  readonly data: any;
  readonly errors?: readonly { message: string; extensions?: { code?: string } }[];
  readonly extensions?: any;
}

/** A query, and what its answers show. */
export interface ReadShape {
  readonly name: string;
  /** Relative to the other shapes. */
  readonly weight: number;
  /** All that its answers show something of. */
  readonly registers: readonly Register[];
  /** The bearer's; null where nobody need say who they are. */
  readonly token: string | null;
  readonly body: string;
  /** Throws for an answer that is a failure. */
  sightings(answer: Answer): Sighting[];
}

export interface Written {
  /** What is stored now, for each register written; left out where only growth was acknowledged. */
  readonly versions?: readonly number[];
  /** By which a later read is sure to see it. */
  readonly token?: string;
}

/** One write: its registers are taken already, and nobody else writes them meanwhile. */
export interface Write {
  readonly name: string;
  readonly registers: readonly Register[];
  run(node: ClusterNode): Promise<Written>;
}

export interface Workload {
  readonly shapes: readonly ReadShape[];
  /** null where everything it thought of is being written already. */
  nextWrite(): Write | null;
  levelOf(answer: Answer): 'L1' | 'L2' | null;
}

export function pick<Item>(items: readonly Item[]): Item {
  return items[Math.floor(Math.random() * items.length)] as Item;
}
