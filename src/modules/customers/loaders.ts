import type DataLoader from 'dataloader';
import { defineLoader, rowLoader } from '../../graphql/loaders.ts';
import type { CustomerRow } from './table.ts';

declare module '../../graphql/loaders.ts' {
  interface Loaders {
    customer: DataLoader<string, CustomerRow | null>;
  }
}

defineLoader('customer', (context) => rowLoader(context, 'customers'));
