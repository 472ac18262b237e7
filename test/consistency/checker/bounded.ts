import { setTimeout as delay } from 'node:timers/promises';

const pollEveryMs = 10;

/** Polls until it holds. Fails with the complaint once patience is over, whatever the condition itself waits for. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  patienceMs: number,
  complaint: () => string,
): Promise<void> {
  const deadlineMs = performance.now() + patienceMs;
  while (!(await within(Promise.resolve(holds()), Math.max(1, deadlineMs - performance.now()), complaint))) {
    if (performance.now() > deadlineMs) throw new Error(complaint());
    await delay(pollEveryMs);
  }
}

/** What it resolves with, or the complaint once patience is over. */
export async function within<Value>(
  promise: Promise<Value>,
  patienceMs: number,
  complaint: () => string,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(complaint())), patienceMs);
  });
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
  }
}
