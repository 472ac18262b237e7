import { addDays, daysFrom, hourMs, weekdayOf, type Day } from './calendar.ts';
import { agentsBySite } from './desk.ts';
import { createDice, type Dice } from './dice.ts';
import type { Asset } from './make-assets.ts';
import { jobsAheadDays } from './plan.ts';
import { seedOf, type Stage } from './stage.ts';

const work = [
  ['inspection', 'Inspect fire doors'],
  ['inspection', 'Check emergency lighting'],
  ['inspection', 'Test the backup generator'],
  ['maintenance', 'Patch the switches'],
  ['maintenance', 'Service the air conditioning'],
  ['maintenance', 'Update meeting room screens'],
  ['installation', 'Install access points'],
  ['installation', 'Set up new desks'],
  ['replacement', 'Replace UPS batteries'],
  ['replacement', 'Swap printer drums'],
  ['cleaning', 'Clean the server room filters'],
] as const;

/** Planned work: most of the past completed, some missed, a few called off; a month ahead is scheduled. */
export function* makeJobs(stage: Stage) {
  const dice = createDice(seedOf(stage.plan, 'jobs'));
  const agents = agentsBySite(stage);
  const standing = stage.assets.filter(({ holderId }) => holderId === null);
  const perDay = stage.people.length / 30;
  for (const day of daysFrom(stage.firstDay, addDays(stage.today, jobsAheadDays))) {
    if (weekdayOf(day) === 0) continue;
    const count = Math.max(Math.round(dice.float(0.5, 1.5) * perDay), 1);
    for (let index = 0; index < count; index += 1) yield makeJob({ stage, day, agents, standing, dice });
  }
}

interface JobInput {
  stage: Stage;
  day: Day;
  agents: ReturnType<typeof agentsBySite>;
  /** Assets that nobody holds. */
  standing: readonly Asset[];
  dice: Dice;
}

function makeJob({ stage, day, agents, standing, dice }: JobInput) {
  const { plan, calendar, places, choices } = stage;
  const [type, what] = dice.pick(work);
  const site = dice.pick(places.sites);
  const scheduledFor = calendar.at(day, dice.int(7, 16) * 60 + dice.pick([0, 30]));
  const dueAt = new Date(scheduledFor.getTime() + dice.pick([2, 4, 8, 24]) * hourMs);
  const plannedAt = calendar.at(addDays(day, -jobsAheadDays - 1), 540);
  const workers = agents.get(site.id) ?? [];
  const assets = standing.filter(({ siteId }) => siteId === site.id);
  const { status, completedAt } = outcome({ scheduledFor, dueAt, until: plan.until, dice });
  return {
    id: dice.idAt(plannedAt),
    title: `${what}, ${site.name}`,
    type_id: choices.JOB_TYPE.get(type),
    site_id: site.id,
    asset_id: assets.length > 0 && dice.chance(0.5) ? dice.pick(assets).id : null,
    assignee_id: workers.length > 0 && dice.chance(0.9) ? dice.pick(workers).id : null,
    status,
    scheduled_for: scheduledFor,
    due_at: dueAt,
    completed_at: completedAt,
    notes: completedAt && dice.chance(0.3) ? dice.pick(['All in order.', 'Parts ordered.', 'Done, see photos.']) : null,
    version: status === 'SCHEDULED' ? 1 : 2,
    created_at: plannedAt,
    updated_at: completedAt ?? plannedAt,
  };
}

function outcome({ scheduledFor, dueAt, until, dice }: { scheduledFor: Date; dueAt: Date; until: Date; dice: Dice }) {
  const fate = dice.weighted([['COMPLETED', 87] as const, ['MISSED', 9] as const, ['CANCELLED', 4] as const]);
  const completedAt = new Date(
    scheduledFor.getTime() + (dueAt.getTime() - scheduledFor.getTime()) * dice.float(0.1, 1.1),
  );
  if (fate === 'CANCELLED') return { status: 'CANCELLED', completedAt: null };
  if (fate === 'MISSED' || completedAt > until) return { status: 'SCHEDULED', completedAt: null };
  return { status: 'COMPLETED', completedAt };
}
