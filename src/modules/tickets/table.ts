import type { ColumnType, Generated, Selectable } from 'kysely';

export const ticketStatuses = ['NEW', 'IN_PROGRESS', 'WAITING', 'RESOLVED', 'CLOSED'] as const;
export type TicketStatus = (typeof ticketStatuses)[number];

export const ticketPriorities = ['LOW', 'NORMAL', 'HIGH', 'URGENT'] as const;
export type TicketPriority = (typeof ticketPriorities)[number];

export const ticketSources = ['PORTAL', 'EMAIL', 'PHONE', 'CHAT', 'MONITORING', 'IMPORT'] as const;
export type TicketSource = (typeof ticketSources)[number];

export const ticketEventKinds = [
  'CREATED',
  'UPDATED',
  'PRIORITIZED',
  'ASSIGNED',
  'TAKEN_IN_CHARGE',
  'WAITING',
  'RESUMED',
  'UPGRADE_REQUIRED',
  'ANOMALY_CREATED',
  'ANOMALY_RESOLVED',
  'INTERVENTION_SCHEDULED',
  'RESOLVED',
  'CLOSED',
  'REOPENED',
  'COMMENTED',
  'VERIFIED',
  'INVALIDATED',
  'MARKED_DUPLICATE',
] as const;
export type TicketEventKind = (typeof ticketEventKinds)[number];

export interface TicketsTable {
  id: string;
  /** Unique within the tenant, counted up from 1 without gaps. */
  number: number;
  title: string;
  description: Generated<string>;
  status: Generated<TicketStatus>;
  priority: Generated<TicketPriority>;
  /** LOW 1 to URGENT 4; the database keeps it. */
  priority_rank: ColumnType<number, never, never>;
  source: Generated<TicketSource>;
  category_id: string | null;
  site_id: string | null;
  customer_id: string | null;
  asset_id: string | null;
  reporter_id: string | null;
  assignee_id: string | null;
  team_id: string | null;
  external_ref: string | null;
  /** Kept by a trigger on ticket_comments, as is the one below; the application never writes them. */
  comment_count: ColumnType<number, never, never>;
  public_comment_count: ColumnType<number, never, never>;
  due_at: Date | null;
  resolved_at: Date | null;
  /** Set exactly while the status is CLOSED. */
  closed_at: Date | null;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
  version: Generated<number>;
}

export interface TicketCommentsTable {
  id: string;
  ticket_id: string;
  /** null: written by somebody outside the tenant, or imported. */
  author_id: string | null;
  body: string;
  internal: Generated<boolean>;
  created_at: Generated<Date>;
}

export interface TicketEventsTable {
  id: string;
  ticket_id: string;
  kind: TicketEventKind;
  actor_id: string | null;
  detail: ColumnType<Record<string, unknown>, string | undefined, string>;
  external_ref: string | null;
  occurred_at: Generated<Date>;
}

export type TicketRow = Selectable<TicketsTable>;
export type TicketCommentRow = Selectable<TicketCommentsTable>;
export type TicketEventRow = Selectable<TicketEventsTable>;

declare module '../../db/tables.ts' {
  interface Tables {
    tickets: TicketsTable;
    ticket_comments: TicketCommentsTable;
    ticket_events: TicketEventsTable;
    ticket_numbers: { last: number };
  }
}
