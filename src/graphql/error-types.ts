import {
  ConflictError,
  ForbiddenError,
  NotFoundError,
  ValidationError,
  type AppError,
  type FieldProblem,
} from '../errors.ts';
import { builder } from './builder.ts';

const ErrorInterface = builder.interfaceRef<AppError>('Error').implement({
  description: 'Why a mutation was not carried out.',
  fields: (t) => ({
    message: t.exposeString('message', { description: 'What happened and what to do, for a person to read.' }),
  }),
});

const FieldProblemType = builder.objectRef<FieldProblem>('FieldProblem').implement({
  description: 'One field of the input that cannot be accepted.',
  fields: (t) => ({
    field: t.exposeString('field', { description: 'Path into the input, for example `title`.' }),
    message: t.exposeString('message', { description: 'What is wrong with it and what to send instead.' }),
  }),
});

builder.objectType(ValidationError, {
  name: 'ValidationError',
  description: 'The input is not acceptable; nothing was changed.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    fields: t.field({
      type: [FieldProblemType],
      description: 'Each field that is wrong.',
      resolve: (error) => [...error.fields],
    }),
  }),
});

builder.objectType(NotFoundError, {
  name: 'NotFoundError',
  description: 'What the mutation names does not exist, or you may not see it; nothing was changed.',
  interfaces: [ErrorInterface],
});

builder.objectType(ConflictError, {
  name: 'ConflictError',
  description: 'Somebody else changed it first, or it clashes with what is there; nothing was changed.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    currentVersion: t.exposeInt('currentVersion', {
      nullable: true,
      description: 'The version it has now; null where the conflict is not about a version.',
    }),
  }),
});

builder.objectType(ForbiddenError, {
  name: 'ForbiddenError',
  description: 'You may not do this; nothing was changed.',
  interfaces: [ErrorInterface],
});
