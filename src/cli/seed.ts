import { SingleBar } from 'cli-progress';
import { InvalidArgumentError, type Command } from 'commander';
import { AppError } from '../errors.ts';
import { createCalendar, isDay, isTimeZone } from '../seed/calendar.ts';
import { expectedRows, limits, slugPattern, type SeedPlan } from '../seed/plan.ts';
import { seedTenant, type SeededTenant } from '../seed/seed-tenant.ts';
import { requireNewestSchema } from './find-tenant.ts';
import { withDatabase, type CommandDatabase } from './with-database.ts';

interface SeedFlags {
  tenant: string;
  name?: string;
  people: number;
  tickets: number;
  days: number;
  seed: number;
  timeZone: string;
  until?: string;
  json?: boolean;
}

export function seedCommand(program: Command): void {
  program
    .command('seed')
    .description('Make a demo tenant of any size: people, tickets, attendance, rota, leave, assets, jobs.')
    .requiredOption('--tenant <slug>', 'what the tenant is called in addresses; must be new', parseSlug)
    .option('--name <name>', 'its name for people (default: the slug)', parseName)
    .option('--people <number>', 'people, at least 12; the four demo people are among them', whole(limits.people), 200)
    .option('--tickets <number>', 'tickets over the whole time', whole(limits.tickets), 5000)
    .option('--days <number>', 'how many days its history lasts', whole(limits.days), 90)
    .option('--seed <number>', 'another number makes another tenant', whole({ min: 0, max: 2 ** 31 - 1 }), 1)
    .option('--time-zone <name>', 'where it is', parseTimeZone, 'Europe/Rome')
    .option('--until <date>', 'end the history at 18:00 on that day instead of now', parseDay)
    .option('--json', 'print the counts as JSON')
    .addHelpText(
      'after',
      `
The same numbers and the same --until make the same content. Every demo tenant has admin@<slug>.test,
manager@<slug>.test, agent@<slug>.test and member@<slug>.test. A seed that fails leaves nothing behind.

Exit status: 0 the tenant was made, 1 it failed (the slug is taken, say), 2 wrong usage.

Examples:
  $ freshfield seed --tenant initech
  $ freshfield seed --tenant big --name "Big Company" --people 2000 --tickets 50000 --days 365
  $ freshfield seed --tenant lab --seed 7 --until 2026-03-31 --json`,
    )
    .action((flags: SeedFlags) => withDatabase((database) => seed(database, flags)));
}

async function seed({ operator }: CommandDatabase, flags: SeedFlags): Promise<void> {
  await requireNewestSchema(operator);
  const { tenant: slug, timeZone, people, tickets, days, seed: number, until } = flags;
  const plan: SeedPlan = {
    slug,
    name: flags.name ?? slug,
    timeZone,
    people,
    tickets,
    days,
    seed: number,
    until: until ? createCalendar(timeZone).at(until, 18 * 60) : new Date(),
  };
  const bar = progressBar(expectedRows(plan));
  const startedAt = performance.now();
  const seeded = await seedTenant({ operator, plan, onRows: bar.add }).finally(bar.stop);
  if (!seeded) throw new AppError('CONFLICT', `There is a tenant "${slug}" already. Choose another --tenant.`);
  const durationMs = Math.round(performance.now() - startedAt);
  console.log(flags.json ? JSON.stringify({ tenant: slug, counts: seeded.counts, durationMs }) : report(seeded));
}

function report({ slug, counts }: SeededTenant): string {
  const { people, tickets, ticket_events, attendance, shifts, jobs } = counts;
  return [
    `Made ${slug}: ${people} people, ${tickets ?? 0} tickets with ${ticket_events ?? 0} events,`,
    `${attendance ?? 0} days of attendance, ${shifts ?? 0} shifts, ${jobs ?? 0} jobs.`,
    `A token for its admin: freshfield token --tenant ${slug} --person admin@${slug}.test`,
  ].join('\n');
}

/** On a terminal only; on standard error, so that the output can be piped. */
function progressBar(total: number): { add: (rows: number) => void; stop: () => void } {
  if (!process.stderr.isTTY) return { add: () => {}, stop: () => {} };
  const bar = new SingleBar({ format: 'Seeding {bar} {percentage}% | {value} rows', stream: process.stderr });
  bar.start(total, 0);
  let rows = 0;
  return {
    add: (count) => bar.update(Math.min((rows += count), total)),
    stop: () => bar.stop(),
  };
}

function whole({ min, max }: { min: number; max: number }): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Write a whole number from ${min} to ${max}.`);
  };
}

function parseSlug(text: string): string {
  if (slugPattern.test(text)) return text;
  throw new InvalidArgumentError('Use 2 to 63 lower-case letters, digits and hyphens, a letter first.');
}

function parseName(text: string): string {
  const name = text.trim();
  if (name.length > 0 && name.length <= 200) return name;
  throw new InvalidArgumentError('Write 1 to 200 characters.');
}

function parseTimeZone(text: string): string {
  if (isTimeZone(text)) return text;
  throw new InvalidArgumentError('Write the name of a time zone, for example Europe/Rome.');
}

function parseDay(text: string): string {
  if (isDay(text)) return text;
  throw new InvalidArgumentError('Write a day of the calendar, for example 2026-03-31.');
}
