import type { Generated, Selectable } from 'kysely';

export const themes = ['SYSTEM', 'LIGHT', 'DARK'] as const;

export interface PreferencesTable {
  person_id: string;
  /** BCP 47. */
  locale: Generated<string>;
  /** IANA name; null: the tenant's. */
  time_zone: string | null;
  theme: Generated<(typeof themes)[number]>;
  email_notifications: Generated<boolean>;
  default_site_id: string | null;
  updated_at: Generated<Date>;
}

export interface NotificationsTable {
  id: string;
  person_id: string;
  kind: string;
  subject: string;
  ticket_id: string | null;
  read_at: Date | null;
  created_at: Generated<Date>;
}

export type PreferencesRow = Selectable<PreferencesTable>;
export type NotificationRow = Selectable<NotificationsTable>;

declare module '../../db/tables.ts' {
  interface Tables {
    preferences: PreferencesTable;
    notifications: NotificationsTable;
  }
}
