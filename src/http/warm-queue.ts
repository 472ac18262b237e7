export interface QueueOptions {
  /** Jobs at once. */
  concurrency: number;
  /** Jobs in all; those beyond are not begun. */
  limit: number;
  /** When none is begun any more, by the clock. */
  endsAtMs: number;
  /** Monotonic clock, in milliseconds. */
  monotonicMs: () => number;
}

/**
 * Runs jobs, a few at once and in their order, until all are done, or enough, or the time is up. What it is given may
 * not reject. Answers what became of each; of those that were not begun, why.
 */
export async function runQueue<Job, Outcome>(
  jobs: readonly Job[],
  run: (job: Job) => Promise<Outcome>,
  { concurrency, limit, endsAtMs, monotonicMs }: QueueOptions,
): Promise<(Outcome | 'limit' | 'deadline')[]> {
  const outcomes: (Outcome | 'limit' | 'deadline')[] = jobs.map(() => 'limit');
  const left = [...jobs.entries()].slice(0, limit).values(); // shared by all who work on it
  const work = async () => {
    for (const [index, job] of left) {
      outcomes[index] = monotonicMs() < endsAtMs ? await run(job) : 'deadline';
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return outcomes;
}
