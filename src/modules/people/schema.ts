import { builder } from '../../graphql/builder.ts';
import './loaders.ts';
import type { PersonRow, TeamRow } from './table.ts';

declare module '../../graphql/objects.ts' {
  interface Objects {
    Person: PersonRow;
    Team: TeamRow;
  }
}

builder.node('Person', {
  description: 'Somebody who works for the tenant or asks it for help.',
  id: { resolve: (person) => person.id },
  loadOne: (id, context) => context.loaders.person.load(id),
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Their full name.' }),
    email: t.exposeString('email', { description: 'Their address.' }),
  }),
});

builder.node('Team', {
  description: 'People who work on the same kind of ticket.',
  id: { resolve: (team) => team.id },
  loadOne: (id, context) => context.loaders.team.load(id),
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What people call it.' }),
  }),
});
