import type DataLoader from 'dataloader';
import { builder } from '../../graphql/builder.ts';
import { defineLoader, rowLoader } from '../../graphql/loaders.ts';
import type { SiteRow } from './table.ts';

declare module '../../graphql/objects.ts' {
  interface Objects {
    Site: SiteRow;
  }
}
declare module '../../graphql/loaders.ts' {
  interface Loaders {
    site: DataLoader<string, SiteRow | null>;
  }
}

defineLoader('site', (context) => rowLoader(context, 'sites'));

builder.node('Site', {
  description: 'A place people work at.',
  id: { resolve: (site) => site.id },
  loadOne: (id, context) => context.loaders.site.load(id),
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What people call it.' }),
    code: t.exposeString('code', { description: 'Its short name on badges and labels.' }),
    address: t.exposeString('address', { nullable: true, description: 'Where it is.' }),
    active: t.exposeBoolean('active', { description: 'Whether it is in use.' }),
  }),
});

builder.queryField('sites', (t) =>
  t.field({
    cacheControl: { maxAge: 3600 },
    type: ['Site'],
    description: 'Every site of the tenant, by name.',
    resolve: (_root, _args, context) =>
      context.db.read.selectFrom('sites').selectAll().orderBy('name').orderBy('id').execute(),
  }),
);
