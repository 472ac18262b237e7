import { daysFrom, hourMs, type Day } from './calendar.ts';
import { createDice, type Dice } from './dice.ts';
import { dutyOf, type Duty } from './duty.ts';
import type { SeedPerson } from './make-people.ts';
import { seedOf, type Stage } from './stage.ts';

/** After this long, who has not come in counts as absent. */
const absentAfterMinutes = 120;

/** Who came when, on every day of the history: on leave where leave was approved, else nearly always there. */
export function* makeAttendance(stage: Stage, onLeave: ReadonlyMap<string, ReadonlySet<Day>>) {
  const dice = createDice(seedOf(stage.plan, 'attendance'));
  const correctors = stage.people.filter(({ active, role }) => active && role === 'manager');
  for (const day of daysFrom(stage.firstDay, stage.today)) {
    for (const person of stage.people) {
      const duty = person.active ? dutyOf(person, day) : null;
      if (!duty) continue;
      const isAway = onLeave.get(person.id)?.has(day) ?? false;
      const row = isAway ? leaveRow({ person, day, duty, stage, dice }) : dayRow({ person, day, duty, stage, dice });
      if (row) yield corrected({ row, correctors, until: stage.plan.until, dice });
    }
  }
}

interface DayInput {
  person: SeedPerson;
  day: Day;
  duty: Duty;
  stage: Stage;
  dice: Dice;
}

interface AttendanceRow {
  id: string;
  person_id: string;
  site_id: string;
  day: Day;
  status: 'PRESENT' | 'LATE' | 'ABSENT' | 'ON_LEAVE';
  clock_in_at: Date | null;
  clock_out_at: Date | null;
  note: string | null;
  corrected_by_id: string | null;
  version: number;
  created_at: Date;
  updated_at: Date;
}

function leaveRow({ person, day, duty, stage, dice }: DayInput): AttendanceRow {
  return newRow({ person, day, duty, dice, status: 'ON_LEAVE', recordedAt: stage.calendar.at(day, 0) });
}

/** Null where the day has not come to it yet. */
function dayRow({ person, day, duty, stage: { calendar, plan }, dice }: DayInput): AttendanceRow | null {
  const status = dice.weighted([['PRESENT', 89] as const, ['LATE', 8] as const, ['ABSENT', 3] as const]);
  const delay = status === 'LATE' ? dice.float(8, 75) : dice.float(-14, 5);
  const overtime = dice.float(-3, 35);
  if (status === 'ABSENT') {
    const recordedAt = calendar.at(day, duty.from + absentAfterMinutes);
    return recordedAt > plan.until ? null : newRow({ person, day, duty, dice, status, recordedAt });
  }
  // Never before midnight: the row belongs to the day it began on.
  const clockIn = calendar.at(day, Math.max(duty.from + delay, 0));
  if (clockIn > plan.until) return null;
  const clockOut = calendar.at(day, duty.to + overtime);
  return {
    ...newRow({ person, day, duty, dice, status, recordedAt: clockIn }),
    clock_in_at: clockIn,
    ...(clockOut <= plan.until && { clock_out_at: clockOut, updated_at: clockOut, version: 2 }),
  };
}

interface RowInput extends Omit<DayInput, 'stage'> {
  status: AttendanceRow['status'];
  recordedAt: Date;
}

function newRow({ person, day, duty, dice, status, recordedAt }: RowInput): AttendanceRow {
  return {
    id: dice.idAt(recordedAt),
    person_id: person.id,
    site_id: duty.siteId,
    day,
    status,
    clock_in_at: null,
    clock_out_at: null,
    note: null,
    corrected_by_id: null,
    version: 1,
    created_at: recordedAt,
    updated_at: recordedAt,
  };
}

interface CorrectInput {
  row: AttendanceRow;
  correctors: readonly SeedPerson[];
  until: Date;
  dice: Dice;
}

/** Now and then somebody forgot to clock out and a manager put it right. */
function corrected({ row, correctors, until, dice }: CorrectInput): AttendanceRow {
  const at = new Date(row.updated_at.getTime() + 15 * hourMs);
  if (!row.clock_out_at || at > until || correctors.length === 0 || !dice.chance(0.01)) return row;
  return {
    ...row,
    note: 'Forgot to clock out.',
    corrected_by_id: dice.pick(correctors).id,
    version: row.version + 1,
    updated_at: at,
  };
}
