import type { ReadResult } from '../cache/index.ts';
import type { CachePlan } from '../graphql/cache-plan.ts';
import type { Aspect } from '../graphql/observed-viewer.ts';

const because = {
  revalidating: 'it is being made anew',
  error: 'it could not be made anew',
  timeout: 'making it anew takes long',
} as const;

/** Why an answer was a hit, a miss or stale. Names the type that changed, not the row: the viewer may not know of it. */
export function explainRead({ reason, changedTag, because: why, isJoined }: ReadResult): string {
  if (!reason) return 'unchanged';
  const said = changedTag ? `${reason}: ${changedTag.split(':')[1] ?? changedTag}` : reason;
  if (why) return `${said}, and ${because[why]}`;
  return isJoined ? `${said}, and made for others who had asked before` : said;
}

/** Which coordinate set how long it is kept, and what of the viewer it is for. */
export function explainPlan({ entry }: ReadResult, { scopeDecidedBy }: CachePlan, scope: readonly Aspect[]): string {
  const decidedBy = entry.meta['decidedBy'];
  const by = scope.length === 0 ? 'the tenant' : scope.join(', ');
  const declared = scopeDecidedBy ? ` (PRIVATE by ${scopeDecidedBy})` : '';
  return `ttl by ${typeof decidedBy === 'string' ? decidedBy : 'its result'}; scope by ${by}${declared}`;
}
