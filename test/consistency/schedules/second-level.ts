import type { BlobStore } from '../../../src/cache/index.ts';
import type { Step } from './database.ts';

/** A second level that loses what it was given, comes back as it was, and stops answering. */
export interface SecondLevel extends BlobStore {
  /** What it holds now is what it comes back with. */
  backUp(): void;
  /** Comes back as it was when it was backed up last: empty if never. */
  revert(): void;
  /** Stops answering, or answers again. */
  hang(): void;
}

export function createSecondLevel(step: Step): SecondLevel {
  let blobs = new Map<string, string>();
  let backup = new Map<string, string>();
  let hangs = false;
  const command = async (name: string) => {
    if (hangs) await new Promise(() => {});
    await step(name);
  };
  return {
    async get(id) {
      await command('L2 is asked');
      const found = blobs.get(id);
      await command('L2 answers');
      return found === undefined ? null : JSON.parse(found);
    },
    async set(id, data) {
      const text = JSON.stringify(data);
      await command('L2 stores');
      blobs.set(id, text);
      await command('L2 has stored');
    },
    backUp: () => void (backup = new Map(blobs)),
    revert: () => void (blobs = new Map(backup)),
    hang: () => void (hangs = !hangs),
  };
}
