/** What a demo tenant is to look like. The same plan makes the same rows, ids included (tenant and roles aside). */
export interface SeedPlan {
  slug: string;
  name: string;
  /** IANA name. */
  timeZone: string;
  /** People, the four demo people among them; at least 12. */
  people: number;
  tickets: number;
  /** How far the past reaches, in days. */
  days: number;
  /** Another number makes other people, other tickets, another history. */
  seed: number;
  /** The instant the history ends at; the rota and planned jobs go on after it. */
  until: Date;
}

/** What a tenant's slug looks like; the database checks the same. */
export const slugPattern = /^[a-z][a-z0-9-]{1,62}$/;

export const limits = {
  people: { min: 12, max: 20_000 },
  tickets: { min: 0, max: 1_000_000 },
  days: { min: 1, max: 1_100 },
} as const;

/** How far the rota is planned ahead, in days. */
export const rotaAheadDays = 14;
/** How far jobs are planned ahead, in days. */
export const jobsAheadDays = 30;
/** How far leave is asked for ahead, in days. */
export const leaveAheadDays = 60;

/** About how many rows a plan makes, for showing progress. */
export function expectedRows({ people, tickets, days }: SeedPlan): number {
  const perPerson = 3 + days * 0.72 + (days + rotaAheadDays) * 0.27;
  return Math.round(200 + people * perPerson + tickets * 9.9);
}
