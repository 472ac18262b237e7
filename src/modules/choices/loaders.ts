import type DataLoader from 'dataloader';
import { defineLoader, rowLoader } from '../../graphql/loaders.ts';
import type { ChoiceRow } from './table.ts';

declare module '../../graphql/loaders.ts' {
  interface Loaders {
    choice: DataLoader<string, ChoiceRow | null>;
  }
}

defineLoader('choice', (context) => rowLoader(context, 'choices'));
