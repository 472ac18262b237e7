import type DataLoader from 'dataloader';
import { defineLoader, rowLoader } from '../../graphql/loaders.ts';
import type { PersonRow, TeamRow } from './table.ts';

declare module '../../graphql/loaders.ts' {
  interface Loaders {
    person: DataLoader<string, PersonRow | null>;
    team: DataLoader<string, TeamRow | null>;
  }
}

defineLoader('person', (context) => rowLoader(context, 'people'));
defineLoader('team', (context) => rowLoader(context, 'teams'));
