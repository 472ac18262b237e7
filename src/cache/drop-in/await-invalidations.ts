import type { CoherentResponseCache } from './create-coherent-cache.ts';

/**
 * A plugin for envelop and Yoga: a mutation is answered when its invalidations are in the log, and not before. The
 * response cache plugin does not wait for them by itself. Put it after that one. With a log in the same process there
 * is nothing to wait for.
 */
export function useAwaitedInvalidations<Context>({ settled }: Pick<CoherentResponseCache<Context>, 'settled'>) {
  return {
    onExecute: () => ({ onExecuteDone: () => settled() }),
    /** Yoga's own hook: its response cache plugin puts the hooks of envelop's last. */
    onResponse: () => settled(),
  };
}
