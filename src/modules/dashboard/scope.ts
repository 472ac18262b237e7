import { sql, type AliasableExpression, type RawBuilder, type SqlBool } from 'kysely';
import { anyOf } from '../../db/any-of.ts';
import { addDays, startOfDay } from '../../db/local-day.ts';
import { ForbiddenError, NotFoundError } from '../../errors.ts';
import type { Context } from '../../graphql/context.ts';
import { reachOf } from '../../graphql/viewer.ts';

/** What figures are about; plain data that says all of it: figures of equal scopes are kept once for everybody. */
export interface SitesScope {
  /** Only what belongs to one of these sites; null: the whole tenant, and what belongs to no site. */
  readonly siteIds: readonly string[] | null;
}

export interface Scope extends SitesScope {
  /** The tenant's, IANA name. */
  readonly timeZone: string;
}

export interface DayScope extends Scope {
  /** The calendar day at the tenant, `2026-11-20`. */
  readonly date: string;
}

/** For figures that are the same whatever the day, so that they are kept once for all of them. */
export function sitesOf({ siteIds }: SitesScope): SitesScope {
  return { siteIds };
}

/**
 * As far as the viewer's permission goes, or one site of that.
 * Fails with NOT_FOUND for a site that does not exist and FORBIDDEN for one out of reach.
 */
export async function scopeOf(context: Context, siteId: string | null = null): Promise<Scope> {
  const { viewer, loaders } = context;
  const reach = reachOf(viewer, 'dashboard:read');
  if (reach === 'own') throw new ForbiddenError('A dashboard is about sites: you may see only your own records.');
  const ownSites = reach === 'any' ? null : viewer.siteIds;
  const { timeZone } = viewer.tenant;
  if (!siteId) return { timeZone, siteIds: ownSites?.toSorted() ?? null };
  if (!ownSites?.includes(siteId)) {
    if (!(await loaders.site.load(siteId))) throw new NotFoundError('The site');
    if (ownSites) throw new ForbiddenError('You may see the dashboard of your own sites only.');
  }
  return { timeZone, siteIds: [siteId] };
}

/** The condition that a row belongs to the scope's sites. */
export function atSites({ siteIds }: SitesScope, column: string): AliasableExpression<SqlBool> {
  return siteIds ? anyOf(column, siteIds) : sql<boolean>`true`;
}

/** The condition that an instant lies between the starts of two calendar days at the tenant, the second excluded. */
export function between(
  { timeZone }: Scope,
  column: string,
  [from, to]: readonly [string | RawBuilder<string>, string | RawBuilder<string>],
): RawBuilder<boolean> {
  const instant = sql.ref(column);
  return sql<boolean>`(${instant} >= ${startOfDay(from, timeZone)} and ${instant} < ${startOfDay(to, timeZone)})`;
}

/** The condition that an instant lies within the scope's day. */
export function onDay(scope: DayScope, column: string): RawBuilder<boolean> {
  return between(scope, column, [scope.date, addDays(scope.date, 1)]);
}

/** The first instant after the scope's day. */
export function endOfDay({ date, timeZone }: DayScope): RawBuilder<Date> {
  return startOfDay(addDays(date, 1), timeZone);
}
