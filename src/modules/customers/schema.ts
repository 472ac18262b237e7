import { builder } from '../../graphql/builder.ts';
import './loaders.ts';
import type { CustomerRow } from './table.ts';

declare module '../../graphql/objects.ts' {
  interface Objects {
    Customer: CustomerRow;
  }
}

builder.node('Customer', {
  description: 'Somebody outside the tenant whom tickets are for.',
  id: { resolve: (customer) => customer.id },
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Their name.' }),
    email: t.exposeString('email', { nullable: true, description: 'Their address.' }),
  }),
});
