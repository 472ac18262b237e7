import type DataLoader from 'dataloader';
import type { Context } from '../../graphql/context.ts';
import { defineLoader, rowLoader } from '../../graphql/loaders.ts';
import { withinReach } from '../../graphql/reach.ts';
import type { Viewer } from '../../graphql/viewer.ts';
import type { CustomerRow } from './table.ts';

declare module '../../graphql/loaders.ts' {
  interface Loaders {
    /** Customers of records the viewer sees already. By itself, a customer is looked up with `loadVisibleCustomer`. */
    customer: DataLoader<string, CustomerRow | null>;
  }
}

defineLoader('customer', (context) => rowLoader(context, 'customers'));

/** Whether the viewer may look through all the customers; others see those of their own tickets. */
export function seesAllCustomers({ permissions }: Viewer): boolean {
  const reach = permissions.get('tickets:read');
  return reach === 'any' || reach === 'sites';
}

/** A customer the viewer may see; null for any other, as if they did not exist. */
export async function loadVisibleCustomer(context: Context, id: string): Promise<CustomerRow | null> {
  const { viewer, db, loaders } = context;
  if (seesAllCustomers(viewer)) return loaders.customer.load(id);
  if (!viewer.permissions.has('tickets:read')) return null;
  const owners = ['tickets.reporter_id', 'tickets.assignee_id'];
  const ticket = await db.read
    .selectFrom('tickets')
    .select('tickets.id')
    .where('tickets.customer_id', '=', id)
    .where(withinReach(viewer, 'tickets:read', { site: 'tickets.site_id', owners }))
    .limit(1)
    .executeTakeFirst();
  return ticket ? loaders.customer.load(id) : null;
}
