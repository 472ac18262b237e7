import { builder } from '../../src/graphql/builder.ts';

/** What `briefMotto` answers at the moment. */
export const brief = { motto: 'first' };

// Answers that are the same for everybody: no module has any.
builder.queryFields((t) => ({
  motto: t.string({
    description: 'The same for everybody, for a minute.',
    cacheControl: { maxAge: 300, clientMaxAge: 60, scope: 'PUBLIC' },
    resolve: () => 'Stay fresh.',
  }),
  briefMotto: t.string({
    description: 'The same for everybody, for a second.',
    cacheControl: { maxAge: 300, clientMaxAge: 1, scope: 'PUBLIC' },
    resolve: () => brief.motto,
  }),
  askedMotto: t.string({
    description: 'The same for everybody; a cache is to ask each time.',
    cacheControl: { maxAge: 300, scope: 'PUBLIC' },
    resolve: () => 'Ask again.',
  }),
  falseMotto: t.string({
    description: 'Declared to be the same for everybody, which it is not.',
    cacheControl: { maxAge: 300, clientMaxAge: 60, scope: 'PUBLIC' },
    resolve: (_root, _args, { viewer }) => viewer.personId,
  }),
  tenantMotto: t.string({
    description: 'Of a tenant; its own clients may keep it for a minute.',
    cacheControl: { maxAge: 300, clientMaxAge: 60 },
    resolve: (_root, _args, { viewer }) => viewer.tenantId,
  }),
}));
