import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../support/built-server.ts';
import type { Cluster, ClusterNode } from './cluster.ts';
import type { Register } from './register.ts';
import { exposedWithinMs, Tally } from './tally.ts';
import { pick, pickWeighted, type ReadShape, type Workload, type Write, type Written } from './workload.ts';

export interface CheckerOptions {
  cluster: Cluster;
  workload: Workload;
  /** Clients that read, each one question after the other. @default 48 */
  readers?: number;
  /** Clients that write, and ask every node as soon as they have been acknowledged. @default 3 */
  writers?: number;
  /** Rest of a writer between two writes, in milliseconds. @default 40 */
  writePauseMs?: number;
  /** How far behind an answer may be without a token, in milliseconds; 0: not at all. @default 0 */
  boundMs?: number;
  /** Whether writers send the token of their change with the questions that follow it. @default false */
  sendTokens?: boolean;
}

interface Since {
  readonly token: string;
  readonly registers: readonly Register[];
}

/**
 * Readers and writers against a cluster, with one monotonic clock. Every answer must be at least as new as the newest
 * write that was acknowledged before its question was sent.
 */
export class Checker {
  readonly tally = new Tally();
  readonly #options: Required<CheckerOptions>;
  readonly #loops: Promise<void>[] = [];
  #isRunning = true;

  constructor(options: CheckerOptions) {
    this.#options = { readers: 48, writers: 3, writePauseMs: 40, boundMs: 0, sendTokens: false, ...options };
    for (let index = 0; index < this.#options.readers; index += 1) this.#loops.push(this.#keepReading());
    for (let index = 0; index < this.#options.writers; index += 1) this.#loops.push(this.#keepWriting());
  }

  /** The share of the next reads that is answered from the cache. */
  async nextHitRatio(reads = 2_000): Promise<number> {
    const before = this.tally.levels;
    await until(() => this.tally.reads >= before.reads + reads, 60_000);
    return this.tally.hitRatioSince(before);
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    await Promise.all(this.#loops);
  }

  get #aliveNodes(): readonly ClusterNode[] {
    return this.#options.cluster.nodes.filter(({ isAlive }) => isAlive);
  }

  async #keepReading(): Promise<void> {
    while (this.#isRunning) await this.read(pickWeighted(this.#options.workload.shapes), pick(this.#aliveNodes));
  }

  async #keepWriting(): Promise<void> {
    while (this.#isRunning) {
      const write = this.#options.workload.nextWrite();
      if (write) await this.write(write, pick(this.#aliveNodes));
      await delay(this.#options.writePauseMs * 2 * Math.random());
    }
  }

  /** Writes, and as soon as it is acknowledged asks every node about it, twice. */
  async write(write: Write, node: ClusterNode): Promise<void> {
    const { deaths } = node;
    let written: Written;
    try {
      written = await write.run(node);
    } catch (error) {
      for (const register of write.registers) register.lose();
      this.tally.unknownWrites += 1;
      if (node.deaths === deaths) this.#fail(`${write.name} on ${node.name}`, error);
      else this.tally.lostWithNode += 1;
      return;
    }
    const atMs = performance.now();
    write.registers.forEach((register, index) => register.acknowledge(atMs, written.versions?.[index]));
    this.tally.noteWrite(write.name);

    const { workload, sendTokens } = this.#options;
    const concerned = workload.shapes.filter(({ registers }) => write.registers.some((one) => registers.includes(one)));
    if (concerned.length === 0) return;
    const { registers } = write;
    const since = sendTokens && written.token ? { token: written.token, registers } : undefined;
    const asked = [...this.#aliveNodes, ...this.#aliveNodes];
    await Promise.all(asked.map((each) => this.read(pickWeighted(concerned), each, since)));
  }

  /** Asks, and holds the answer against what was acknowledged before. */
  async read(shape: ReadShape, node: ClusterNode, since?: Since): Promise<void> {
    const { workload, boundMs } = this.#options;
    const { deaths } = node;
    const sentAtMs = performance.now();
    const floors = new Map<Register, number>();
    for (const register of shape.registers) {
      const isStrict = boundMs === 0 || since?.registers.includes(register);
      floors.set(register, isStrict ? register.acked : register.ackedBy(sentAtMs - boundMs));
    }
    const isExposed = shape.registers.some(({ ackedAtMs }) => sentAtMs - ackedAtMs <= exposedWithinMs);
    const headers = {
      ...(shape.token && { authorization: `Bearer ${shape.token}` }),
      ...(since && { 'x-cache-token': since.token }),
    };
    try {
      const { status, answer } = await node.ask(shape.body, headers);
      if (status !== 200) throw new Error(`status ${status}: ${JSON.stringify(answer)}`);
      const sightings = shape.sightings(answer);
      this.tally.noteRead(shape, workload.levelOf(answer));
      if (isExposed) this.tally.exposed += 1;
      if (since) this.tally.tokenReads += 1;
      for (const [register, version] of sightings) {
        const floor = floors.get(register) ?? 0;
        const where = `${register.name} by ${shape.name} on ${node.name}`;
        if (version < floor)
          this.tally.noteStale(shape, `${where}: ${version}, not ${floor}; ${about(answer.extensions)}`);
        if (version > register.issued) {
          this.tally.impossible += 1;
          this.tally.noteProblem(`impossible: ${where}: ${version}, beyond ${register.issued}`);
        }
        this.#noteBehind(register, version, sentAtMs);
      }
    } catch (error) {
      if (node.deaths === deaths) this.#fail(`${shape.name} on ${node.name}`, error);
      else this.tally.lostWithNode += 1;
    }
  }

  #noteBehind(register: Register, version: number, sentAtMs: number): void {
    const behindMs = sentAtMs - register.overtakenAtMs(version);
    if (behindMs <= 0) return;
    this.tally.behind += 1;
    this.tally.furthestBehindMs = Math.max(this.tally.furthestBehindMs, behindMs);
  }

  #fail(what: string, error: unknown): void {
    this.tally.failed += 1;
    this.tally.noteProblem(`failed: ${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function about(extensions: unknown): string {
  return JSON.stringify(extensions ?? {});
}
