/** Rejects when something takes longer than those who wait for it would like; it goes on all the same. */
export function withSoftTimeout<Result>(promise: Promise<Result>, afterMs: number): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new SoftTimeout(afterMs)), afterMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

export class SoftTimeout extends Error {
  constructor(afterMs: number) {
    super(`Not made within ${afterMs} ms.`);
    this.name = 'SoftTimeout';
  }
}
