import { sql } from 'kysely';
import { z } from 'zod';
import { ForbiddenError } from '../../errors.ts';
import { builder } from '../../graphql/builder.ts';
import { resolveConnection, type ConnectionOrder } from '../../graphql/connection.ts';
import { parseInput } from '../../graphql/validation.ts';
import { seesAllCustomers } from './loaders.ts';
import type { CustomerRow } from './table.ts';

declare module '../../graphql/objects.ts' {
  interface Objects {
    Customer: CustomerRow;
  }
}

builder.node('Customer', {
  description: 'Somebody outside the tenant whom tickets are for.',
  id: { resolve: (customer) => customer.id },
  loadOne: (id, context) => context.loaders.visibleCustomer.load(id),
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Their name.' }),
    email: t.exposeString('email', { nullable: true, description: 'Their address.' }),
    createdAt: t.expose('created_at', { type: 'DateTime', description: 'When they were recorded.' }),
  }),
});

const byName: ConnectionOrder<CustomerRow> = {
  name: 'name',
  by: sql.ref('customers.name'),
  valueOf: (customer) => customer.name,
  direction: 'asc',
  accepts: (value) => typeof value === 'string',
};

const customersInput = z.object({ search: z.string().trim().max(200, 'Use at most 200 characters.').nullish() });

builder.queryField('customers', (t) =>
  t.connection(
    {
      cacheControl: { maxAge: 3600 },
      type: 'Customer',
      description: 'The customers, by name, for those who see more than their own tickets.',
      authScopes: { permission: 'tickets:read' },
      args: { search: t.arg.string({ description: 'Text found in the name or the e-mail address, in any case.' }) },
      resolve: (_root, args, context, info) => {
        if (!seesAllCustomers(context.viewer)) {
          throw new ForbiddenError('You see the customers of your own tickets only: ask for those tickets.');
        }
        const { search } = parseInput(customersInput, { search: args.search });
        return resolveConnection({
          args,
          info,
          order: byName,
          id: sql.ref('customers.id'),
          rows: (query) => query.selectAll('customers'),
          filtered: context.db.read
            .selectFrom('customers')
            .$if(!!search, (query) => query.where(contains(search ?? ''))),
        });
      },
    },
    { name: 'CustomerConnection' },
    { name: 'CustomerEdge' },
  ),
);

/** \, % and _ stand for themselves. */
function contains(search: string) {
  const pattern = `%${search.replaceAll(/[\\%_]/g, '\\$&')}%`;
  return sql<boolean>`concat_ws(' ', customers.name, customers.email) ilike ${pattern}`;
}
