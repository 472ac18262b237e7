import DataLoader from 'dataloader';
import type { Context } from '../../graphql/context.ts';
import { defineLoader, inOrderOf, rowLoader } from '../../graphql/loaders.ts';
import { withinReach } from '../../graphql/reach.ts';
import type { Viewer } from '../../graphql/viewer.ts';
import type { CustomerRow } from './table.ts';

declare module '../../graphql/loaders.ts' {
  interface Loaders {
    /** Customers of records the viewer sees already. By itself, a customer is looked up with `visibleCustomer`. */
    customer: DataLoader<string, CustomerRow | null>;
    /** Customers the viewer may see; null for any other, as if they did not exist. */
    visibleCustomer: DataLoader<string, CustomerRow | null>;
  }
}

defineLoader('customer', (context) => rowLoader(context, 'customers'));

/** Whether the viewer may look through all the customers; others see those of their own tickets. */
export function seesAllCustomers({ permissions }: Viewer): boolean {
  const reach = permissions.get('tickets:read');
  return reach === 'any' || reach === 'sites';
}

defineLoader(
  'visibleCustomer',
  (context) =>
    new DataLoader(async (ids) => {
      const visibleIds = seesAllCustomers(context.viewer) ? ids : await ofOwnTickets(context, ids);
      const customers = await Promise.all(visibleIds.map((id) => context.loaders.customer.load(id)));
      return inOrderOf(
        ids,
        customers.filter((customer) => customer !== null),
        (customer) => customer.id,
      );
    }),
);

async function ofOwnTickets({ viewer, db }: Context, customerIds: readonly string[]): Promise<string[]> {
  if (!viewer.permissions.has('tickets:read')) return [];
  const owners = ['tickets.reporter_id', 'tickets.assignee_id'];
  const found = await db.read
    .selectFrom('tickets')
    .select('tickets.customer_id')
    .distinct()
    .where('tickets.customer_id', 'in', customerIds)
    .where(withinReach(viewer, 'tickets:read', { site: 'tickets.site_id', owners }))
    .execute();
  return found.map((ticket) => ticket.customer_id).filter((id) => id !== null);
}
