import type { Entry, Meta, Tag } from '../cache/index.ts';
import type { CachePlan } from '../graphql/cache-plan.ts';
import type { Aspect } from '../graphql/observed-viewer.ts';
import { etagOf } from './etag.ts';

/** What clients and proxies may be told about an answer that is kept. */
export interface KeptFacts {
  /** Quoted: of the body without its report. */
  readonly etag: string;
  /** Wall clock, milliseconds since 1970. */
  readonly storedAtMs: number;
  readonly scope: 'PUBLIC' | 'TENANT' | 'PRIVATE';
  readonly policy: {
    /** Seconds for which a client may use it without asking; 0: it always asks. */
    readonly clientMaxAgeS: number;
  };
  /** Whether another language might get another answer. */
  readonly variesByLocale: boolean;
  readonly tags: readonly Tag[];
}

/** What is kept with an answer, so that a hit need not work it out again. */
export function keptMeta(body: Uint8Array, made: { plan: CachePlan; dependsOnNothing: boolean }): Meta {
  const { isPublic, clientMaxAgeS } = made.plan;
  return {
    etag: etagOf(body),
    clientMaxAgeS,
    // Declared is not enough: what was seen to depend on the tenant or on who asks is not for everybody.
    isPublic: isPublic && made.dependsOnNothing,
    // What its own result said may be shorter than what the schema says.
    decidedBy: made.plan.decidedBy,
  };
}

export function keptFacts({ meta, storedAtMs, tags }: Entry, scope: readonly Aspect[]): KeptFacts {
  const isPublic = meta['isPublic'] === true;
  return {
    etag: String(meta['etag']),
    storedAtMs,
    scope: isPublic ? 'PUBLIC' : scope.includes('person') ? 'PRIVATE' : 'TENANT',
    policy: { clientMaxAgeS: Number(meta['clientMaxAgeS'] ?? 0) },
    variesByLocale: scope.includes('locale'),
    tags,
  };
}
