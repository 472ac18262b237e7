import DataLoader from 'dataloader';
import { defineLoader, inOrderOf } from '../../graphql/loaders.ts';
import type { NotificationRow, PreferencesRow } from './table.ts';

export type Preferences = Omit<PreferencesRow, 'person_id' | 'updated_at'>;

/** Those of somebody who never changed any; the table's defaults. */
export const defaultPreferences: Preferences = {
  locale: 'en',
  time_zone: null,
  theme: 'SYSTEM',
  email_notifications: true,
  default_site_id: null,
};

declare module '../../graphql/loaders.ts' {
  interface Loaders {
    preferences: DataLoader<string, Preferences>;
    /** The viewer's own; null for any other, as if it did not exist. */
    notification: DataLoader<string, NotificationRow | null>;
  }
}

defineLoader(
  'preferences',
  ({ db }) =>
    new DataLoader(async (personIds) => {
      const rows = await db.read.selectFrom('preferences').selectAll().where('person_id', 'in', personIds).execute();
      return inOrderOf(personIds, rows, (row) => row.person_id).map((row) => row ?? defaultPreferences);
    }),
);

defineLoader(
  'notification',
  ({ db, viewer }) =>
    new DataLoader(async (ids) => {
      const rows = await db.read
        .selectFrom('notifications')
        .selectAll()
        .where('id', 'in', ids)
        .where('person_id', '=', viewer.personId)
        .execute();
      return inOrderOf(ids, rows, (row) => row.id);
    }),
);
