import { ValidationError, type FieldProblem } from '../../errors.ts';
import type { AttendanceRow, AttendanceStatus } from './table.ts';

export interface Correction {
  status?: AttendanceStatus | null;
  /** null takes it away, undefined leaves it. */
  clockInAt?: Date | null;
  clockOutAt?: Date | null;
  note?: string | null;
}

type Recorded = Pick<AttendanceRow, 'status' | 'clock_in_at' | 'clock_out_at' | 'note'>;

const longestDayMs = 24 * 3_600_000;

/** What a day is after a correction; fails with a ValidationError that names what does not fit together. */
export function corrected(recorded: Recorded | null, correction: Correction, now: Date): Recorded {
  const status = correction.status ?? recorded?.status;
  if (!status) throw new ValidationError([{ field: 'status', message: 'Send a status: nothing is recorded yet.' }]);
  const problems: FieldProblem[] = [];
  const refuse = (field: string, message: string) => problems.push({ field, message });

  const cameToWork = status === 'PRESENT' || status === 'LATE';
  if (!cameToWork) {
    const message = `Leave it out: who is ${status} has no clock times. To record times, send the status PRESENT or LATE.`;
    if (correction.clockInAt) refuse('clockInAt', message);
    if (correction.clockOutAt) refuse('clockOutAt', message);
  }
  // A day that turns into ABSENT or ON_LEAVE loses its times.
  const clockIn = cameToWork ? whichever(correction.clockInAt, recorded?.clock_in_at) : null;
  const clockOut = cameToWork ? whichever(correction.clockOutAt, recorded?.clock_out_at) : null;
  if (cameToWork && !clockIn) refuse('clockInAt', `Send when they came: ${status} needs it.`);
  if (clockIn && clockIn > now) refuse('clockInAt', 'Send a time that is not in the future.');
  if (clockOut && clockOut > now) refuse('clockOutAt', 'Send a time that is not in the future.');
  if (clockIn && clockOut) {
    const workedMs = clockOut.getTime() - clockIn.getTime();
    if (workedMs < 0) refuse('clockOutAt', 'Send a time that is not before the clock-in.');
    if (workedMs > longestDayMs) refuse('clockOutAt', 'Send a time within 24 hours after the clock-in.');
  }
  if (problems.length > 0) throw new ValidationError(problems);
  return {
    status,
    clock_in_at: clockIn,
    clock_out_at: clockOut,
    note: whichever(correction.note, recorded?.note) || null,
  };
}

function whichever<Value>(sent: Value | null | undefined, recorded: Value | null | undefined): Value | null {
  return sent === undefined ? (recorded ?? null) : sent;
}
