import type { Tag } from '../cache/index.ts';
import type { TenantSession } from '../db/session.ts';
import type { CacheHints } from './cache-control/hints.ts';
import { createClock, type Holds } from './clock.ts';
import { createContext, type Context } from './context.ts';
import type { FieldCache } from './field-cache/field-cache.ts';
import { observeViewer, type Aspect, type Asker } from './observed-viewer.ts';

/** What resolvers get for one execution or one value of it, and what they were seen to make it from. */
export interface Part {
  readonly context: Context;
  readonly reads: ReadonlySet<Tag>;
  readonly seen: ReadonlySet<Aspect>;
  readonly holds: Holds;
}

export interface PartOptions {
  session: TenantSession;
  asker: Asker;
  /** The instant all of it happens at. */
  at: Date;
  requestId: string;
  cacheHints: CacheHints;
  fieldCache: FieldCache | null;
  /** Told of everything that is recorded here too. */
  around?: Recorder;
}

/** Notes what an answer was seen to be made from. */
export interface Recorder {
  saw(aspect: Aspect): void;
  holdsBetween(between: Holds): void;
}

export function openPart(options: PartOptions): Part & Recorder {
  const { session, asker, at, around } = options;
  const seen = new Set<Aspect>();
  const holds = { fromMs: 0, untilMs: Number.POSITIVE_INFINITY };
  const recorder: Recorder = {
    saw(aspect) {
      seen.add(aspect);
      around?.saw(aspect);
    },
    holdsBetween({ fromMs, untilMs }) {
      holds.fromMs = Math.max(holds.fromMs, fromMs);
      holds.untilMs = Math.min(holds.untilMs, untilMs);
      around?.holdsBetween({ fromMs, untilMs });
    },
  };
  const context = createContext({
    viewer: observeViewer(asker.viewer, (aspect) => recorder.saw(aspect)),
    locale: () => {
      recorder.saw('locale');
      return asker.locale;
    },
    session,
    clock: createClock(at, (between) => recorder.holdsBetween(between)),
    requestId: options.requestId,
    cacheHints: options.cacheHints,
    fieldCache: options.fieldCache,
  });
  return {
    context,
    reads: session.reads,
    seen,
    holds,
    ...recorder,
  };
}
