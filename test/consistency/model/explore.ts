import { initialState, type State } from './layout.ts';
import { steps, type Step, type World } from './protocol.ts';

export interface Exploration {
  /** Distinct states visited. */
  states: number;
  /** Whether every reachable state was visited, rather than as many as were allowed. */
  exhaustive: boolean;
  /** The shortest way found to a stale answer; null where there is none. */
  violation: { stale: string; trace: string[] } | null;
}

/** Breadth first: every order of steps, up to `maxStates` distinct states. */
export function explore(world: World, maxStates: number): Exploration {
  const start = initialState();
  const seen = new Map<string, number>([[keyOf(start), 0]]);
  const queue: State[] = [start];
  const cameFrom: { parent: number; name: string }[] = [{ parent: -1, name: 'start' }];
  let found: { step: Step; parent: number } | null = null;
  for (let index = 0; index < queue.length; index += 1) {
    const state = queue[index];
    if (!state || found || seen.size >= maxStates) break;
    queue[index] = undefined as never; // visited: its bytes live on in its key alone
    steps(state, world, (step) => {
      if (step.stale && !found) found = { step, parent: index };
      const key = keyOf(step.next);
      if (seen.has(key)) return;
      seen.set(key, queue.length);
      queue.push(step.next);
      cameFrom.push({ parent: index, name: step.name });
    });
  }
  return {
    states: seen.size,
    exhaustive: !found && seen.size < maxStates,
    violation: found && describe(found, cameFrom),
  };
}

/** Random walks reach deep states that breadth alone cannot afford. */
export function walk(world: World, random: () => number, walks: number): Exploration {
  let states = 0;
  for (let count = 0; count < walks; count += 1) {
    let state = initialState();
    const trace: string[] = [];
    for (;;) {
      const possible: Step[] = [];
      steps(state, world, (step) => possible.push(step));
      const step = possible[Math.floor(random() * possible.length)];
      if (!step) break;
      trace.push(step.name);
      states += 1;
      if (step.stale) return { states, exhaustive: false, violation: { stale: step.stale, trace } };
      if (trace.length > 200) break;
      state = step.next;
    }
  }
  return { states, exhaustive: false, violation: null };
}

function describe({ step, parent }: { step: Step; parent: number }, cameFrom: { parent: number; name: string }[]) {
  const trace = [step.name];
  for (let index = parent; index > 0; index = cameFrom[index]?.parent ?? 0) trace.unshift(cameFrom[index]?.name ?? '');
  return { stale: step.stale ?? '', trace };
}

function keyOf(state: State): string {
  return Buffer.from(state.buffer, state.byteOffset, state.byteLength).toString('latin1');
}
