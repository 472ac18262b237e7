import { setTimeout as delay } from 'node:timers/promises';
import { eventually, within } from './bounded.ts';
import { requestTimeoutMs, type Cluster, type ClusterNode } from './cluster.ts';
import { pickerByWeight } from './picker-by-weight.ts';
import type { Register } from './register.ts';
import { exposedWithinMs, Tally, type Phase } from './tally.ts';
import { pick, type ReadShape, type Workload, type Write, type Written } from './workload.ts';

export interface CheckerOptions {
  cluster: Cluster;
  workload: Workload;
  /**
   * Clients that read, each one question after the other, always at the same node while it is alive. Many: the more
   * there are, the more of them share one look at the log, and the cheaper a read is.
   * @default 150
   */
  readers?: number;
  /** Clients that write, and ask every node as soon as they have been acknowledged. @default 6 */
  writers?: number;
  /** One write begins for so many reads, so that a busy machine makes the run longer, not another one. @default 160 */
  readsPerWrite?: number;
  /** How far behind an answer may be without a token, in milliseconds; 0: not at all. @default 0 */
  boundMs?: number;
  /** Whether writers send the token of their change with the questions that follow it. @default false */
  sendTokens?: boolean;
  /** What the time until the next phase is called. @default 'all the time' */
  phase?: string;
}

interface Since {
  readonly token: string;
  /** What its change made of them. What others have changed since, the token knows nothing of. */
  readonly versions: ReadonlyMap<Register, number>;
}

/** None may fail: so many are enough to know that a run is not worth its time. */
const tooManyFailures = 50;
/** Rest of a client whose request has failed, so that it does nothing worse than that. */
const afterFailureMs = 100;

/** After an acknowledgement, at each node: two at once, four within the time in which caches go wrong. */
const askedAfterMs = [0, 0, 80, 80, 80, 80] as const;

/**
 * Readers and writers against a cluster, with one monotonic clock. Every answer must be at least as new as the newest
 * write that was acknowledged before its question was sent.
 */
export class Checker {
  readonly tally: Tally;
  readonly #options: Required<CheckerOptions>;
  readonly #pickShape: () => ReadShape;
  readonly #loops: Promise<void>[] = [];
  #writesBegun = 0;
  #isRunning = true;

  constructor(options: CheckerOptions) {
    const defaults = { readers: 150, writers: 6, readsPerWrite: 160, boundMs: 0, sendTokens: false };
    this.#options = { ...defaults, phase: 'all the time', ...options };
    this.tally = new Tally(this.#options.phase);
    this.#pickShape = pickerByWeight(options.workload.shapes);
    const { readers, writers } = this.#options;
    for (let index = 0; index < readers; index += 1) this.#keep(`reader ${index}`, this.#keepReading(index));
    for (let index = 0; index < writers; index += 1) this.#keep(`writer ${index}`, this.#keepWriting());
  }

  /** Waits for it while the load goes on. Fails with the complaint after so long, and at once where requests fail. */
  async until(holds: () => boolean | Promise<boolean>, patienceMs: number, complaint: () => string): Promise<void> {
    const { total, problems } = this.tally;
    const isHopeless = () => total.failed >= tooManyFailures;
    await eventually(() => isHopeless() || holds(), patienceMs, complaint);
    if (!isHopeless()) return;
    const said = this.#options.cluster.nodes.map((node) => `${node.name} said: ${node.said.slice(-1_000)}`);
    throw new Error([`${total.failed} requests failed.`, ...problems, ...said].join('\n'));
  }

  /** Begins nothing more, and waits for what is under way. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    const patienceMs = requestTimeoutMs + 5_000;
    await within(Promise.all(this.#loops), patienceMs, () => `Not all readers ended within ${patienceMs} ms.`);
  }

  get #aliveNodes(): readonly ClusterNode[] {
    return this.#options.cluster.nodes.filter(({ isAlive }) => isAlive);
  }

  #keep(name: string, loop: Promise<void>): void {
    this.#loops.push(loop.catch((error: unknown) => this.#fail(this.tally.phase, name, error)));
  }

  async #keepReading(index: number): Promise<void> {
    const { nodes } = this.#options.cluster;
    const home = nodes[index % nodes.length] as ClusterNode;
    while (this.#isRunning) await this.read(this.#pickShape(), home.isAlive ? home : pick(this.#aliveNodes));
  }

  async #keepWriting(): Promise<void> {
    while (this.#isRunning) {
      const isDue = this.tally.total.reads >= this.#writesBegun * this.#options.readsPerWrite;
      const write = isDue ? this.#options.workload.nextWrite() : null;
      if (write) {
        this.#writesBegun += 1;
        await this.write(write, pick(this.#aliveNodes));
      }
      await delay(10 * Math.random());
    }
  }

  /** Writes, and as soon as it is acknowledged asks every node about it, several times. */
  async write(write: Write, node: ClusterNode): Promise<void> {
    const { phase } = this.tally;
    const { deaths } = node;
    let written: Written;
    try {
      written = await write.run(node);
    } catch (error) {
      for (const register of write.registers) register.lose();
      this.tally.add(phase, 'unknown');
      if (node.deaths === deaths) this.#fail(phase, `${write.name} on ${node.name}`, error);
      else this.tally.add(phase, 'lost');
      return;
    }
    const atMs = performance.now();
    write.registers.forEach((register, index) => register.acknowledge(atMs, written.versions?.[index]));
    const versions = new Map(write.registers.map((register) => [register, register.acked]));
    this.tally.noteWrite(phase, write.name);

    const { workload, sendTokens } = this.#options;
    const concerned = workload.shapes.filter(({ registers }) => write.registers.some((one) => registers.includes(one)));
    if (concerned.length === 0) return;
    const pickConcerned = pickerByWeight(concerned);
    const since = sendTokens && written.token ? { token: written.token, versions } : undefined;
    await Promise.all(
      this.#aliveNodes.flatMap((each) =>
        askedAfterMs.map(async (afterMs) => {
          if (afterMs > 0) await delay(afterMs * Math.random());
          if (each.isAlive) await this.read(pickConcerned(), each, since);
        }),
      ),
    );
  }

  /** Asks, and holds the answer against what was acknowledged before. */
  async read(shape: ReadShape, node: ClusterNode, since?: Since): Promise<void> {
    const { workload, boundMs } = this.#options;
    const { tally } = this;
    const { phase } = tally;
    const { deaths } = node;
    const sentAtMs = performance.now();
    const floors = new Map<Register, number>();
    for (const register of shape.registers) {
      const acknowledged = boundMs === 0 ? register.acked : register.ackedBy(sentAtMs - boundMs);
      floors.set(register, Math.max(acknowledged, since?.versions.get(register) ?? 0));
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
      tally.noteRead(phase, shape, workload.levelOf(answer));
      if (isExposed) tally.add(phase, 'exposed');
      if (since) tally.tokenReads += 1;
      // An answer shows several registers, and some of them in several ways: stale is the read, once.
      const problems = sightings.flatMap(([register, version]) => {
        const floor = floors.get(register) ?? 0;
        const where = `${register.name} by ${shape.name} on ${node.name} (${phase.name})`;
        if (version > register.issued) tally.noteImpossible(`${where}: ${version}, beyond ${register.issued}`);
        tally.noteBehind(sentAtMs - register.overtakenAtMs(version));
        return version < floor ? [`${where}: ${version}, not ${floor}; ${about(answer.extensions)}`] : [];
      });
      if (problems[0]) tally.noteStale(phase, shape, problems[0]);
    } catch (error) {
      if (node.deaths === deaths) this.#fail(phase, `${shape.name} on ${node.name}`, error);
      else tally.add(phase, 'lost');
      await delay(afterFailureMs);
    }
  }

  #fail(phase: Phase, what: string, error: unknown): void {
    this.tally.add(phase, 'failed');
    this.tally.noteProblem(
      `failed: ${what} (${phase.name}): ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function about(extensions: unknown): string {
  return JSON.stringify(extensions ?? {});
}
