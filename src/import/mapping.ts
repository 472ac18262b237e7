/*
 * What the words of the log mean here. The log is anonymised: every value is "Value 7", so that numbers carry no
 * meaning; the tables below come from how the cases behave. docs/import.md explains each line of them.
 */

export interface Activity {
  /** The kind of entry in the ticket's history. */
  kind: string;
  /** The ticket's status from then on; null leaves it as it is. */
  status: 'IN_PROGRESS' | 'WAITING' | 'RESOLVED' | 'CLOSED' | null;
}

export const activities: ReadonlyMap<string, Activity> = new Map<string, Activity>([
  ['Insert ticket', { kind: 'CREATED', status: null }],
  ['Assign seriousness', { kind: 'PRIORITIZED', status: null }],
  ['Take in charge ticket', { kind: 'TAKEN_IN_CHARGE', status: 'IN_PROGRESS' }],
  ['Wait', { kind: 'WAITING', status: 'WAITING' }],
  ['Require upgrade', { kind: 'UPGRADE_REQUIRED', status: 'WAITING' }],
  ['Create SW anomaly', { kind: 'ANOMALY_CREATED', status: 'WAITING' }],
  ['Resolve SW anomaly', { kind: 'ANOMALY_RESOLVED', status: 'IN_PROGRESS' }],
  ['Schedule intervention', { kind: 'INTERVENTION_SCHEDULED', status: 'WAITING' }],
  ['Resolve ticket', { kind: 'RESOLVED', status: 'RESOLVED' }],
  ['RESOLVED', { kind: 'RESOLVED', status: 'RESOLVED' }],
  ['VERIFIED', { kind: 'VERIFIED', status: null }],
  ['INVALID', { kind: 'INVALIDATED', status: null }],
  ['DUPLICATE', { kind: 'MARKED_DUPLICATE', status: null }],
  ['Closed', { kind: 'CLOSED', status: 'CLOSED' }],
]);

/** `seriousness_2` to priority. */
export const priorities: ReadonlyMap<string, string> = new Map([
  ['Value 1', 'NORMAL'],
  ['Value 2', 'LOW'],
  ['Value 3', 'HIGH'],
  ['Value 4', 'URGENT'],
]);

/** `service_level` to the calendar days from the first event to the due date. */
export const serviceDays: ReadonlyMap<string, number> = new Map([
  ['Value 1', 30],
  ['Value 2', 20],
  ['Value 3', 15],
  ['Value 4', 5],
]);
