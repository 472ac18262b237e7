import { sql, type AliasableExpression, type RawBuilder, type SqlBool } from 'kysely';
import { anyOf } from '../../db/any-of.ts';
import { addDays, dayOf, startOfDay } from '../../db/local-day.ts';
import { ForbiddenError, NotFoundError } from '../../errors.ts';
import type { Context } from '../../graphql/context.ts';
import { reachOf } from '../../graphql/viewer.ts';

/** What figures are about; plain data, so that it can name them. */
export interface Scope {
  /** Only what belongs to one of these sites; null: the whole tenant, and what belongs to no site. */
  readonly siteIds: readonly string[] | null;
  readonly now: Date;
  /** The tenant's, IANA name. */
  readonly timeZone: string;
}

export interface DayScope extends Scope {
  /** The calendar day at the tenant, `2026-11-20`; null: the one that `now` falls on. */
  readonly date: string | null;
}

/**
 * As far as the viewer's permission goes, or one site of that.
 * Fails with NOT_FOUND for a site that does not exist and FORBIDDEN for one out of reach.
 */
export async function scopeOf(context: Context, siteId: string | null = null): Promise<Scope> {
  const { viewer, now, loaders } = context;
  const reach = reachOf(viewer, 'dashboard:read');
  if (reach === 'own') throw new ForbiddenError('A dashboard is about sites: you may see only your own records.');
  const ownSites = reach === 'any' ? null : viewer.siteIds;
  const scope = { now, timeZone: viewer.tenant.timeZone };
  if (!siteId) return { ...scope, siteIds: ownSites };
  if (!ownSites?.includes(siteId)) {
    if (!(await loaders.site.load(siteId))) throw new NotFoundError('The site');
    if (ownSites) throw new ForbiddenError('You may see the dashboard of your own sites only.');
  }
  return { ...scope, siteIds: [siteId] };
}

/** The condition that a row belongs to the scope's sites. */
export function atSites({ siteIds }: Scope, column: string): AliasableExpression<SqlBool> {
  return siteIds ? anyOf(column, siteIds) : sql<boolean>`true`;
}

export function dayOfScope({ date, now, timeZone }: DayScope): RawBuilder<string> {
  return date ? sql<string>`${date}::date` : dayOf(now, timeZone);
}

/** The condition that an instant lies between the starts of two calendar days at the tenant, the second excluded. */
export function between(
  scope: Scope,
  column: string,
  [from, to]: readonly [RawBuilder<string>, RawBuilder<string>],
): RawBuilder<boolean> {
  const instant = sql.ref(column);
  const [start, end] = [startOfDay(from, scope.timeZone), startOfDay(to, scope.timeZone)];
  return sql<boolean>`(${instant} >= ${start} and ${instant} < ${end})`;
}

/** The condition that an instant lies within the scope's day. */
export function onDay(scope: DayScope, column: string): RawBuilder<boolean> {
  const day = dayOfScope(scope);
  return between(scope, column, [day, addDays(day, 1)]);
}
