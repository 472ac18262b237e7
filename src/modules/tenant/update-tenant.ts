import { z } from 'zod';
import { ConflictError, NotFoundError } from '../../errors.ts';
import { builder } from '../../graphql/builder.ts';
import { mutation } from '../../graphql/mutation.ts';
import { timeZoneName } from '../../graphql/time-zone.ts';
import './table.ts';

builder.relayMutationField(
  'updateTenant',
  {
    description: "What changes about the viewer's tenant; what is left out stays as it is.",
    inputFields: (t) => ({
      version: t.int({ required: true, description: 'The version you have seen.' }),
      name: t.string({ description: 'What people call it; 1 to 200 characters.' }),
      timeZone: t.string({ description: 'IANA name: `Europe/Rome`. Days recorded so far keep their dates.' }),
    }),
  },
  {
    description: "Changes the tenant's name and time zone.",
    authScopes: { permissionEverywhere: 'tenant:write' },
    errors: {},
    resolve: mutation({
      input: z.object({
        version: z.int(),
        name: z.string('Send a name.').trim().min(1, 'Send a name.').max(200, 'Use at most 200 characters.').optional(),
        timeZone: timeZoneName.optional(),
      }),
      async run({ input: { version, name, timeZone }, trx, context: { viewer, now } }) {
        const tenant = await trx.selectFrom('tenants').select('version').forUpdate().executeTakeFirst();
        if (!tenant) throw new NotFoundError('The tenant');
        if (tenant.version !== version) {
          throw new ConflictError('Somebody changed the tenant since you read it. Read it again.', tenant.version);
        }
        await trx
          .updateTable('tenants')
          .set({
            ...(name !== undefined && { name }),
            ...(timeZone !== undefined && { time_zone: timeZone }),
            version: version + 1,
            updated_at: now,
          })
          .execute();
        return { tenantId: viewer.tenantId };
      },
    }),
  },
  {
    outputFields: (t) => ({
      tenant: t.field({
        type: 'Tenant',
        nullable: true,
        description: 'The tenant as it is now.',
        resolve: ({ tenantId }, _args, context) => context.loaders.tenant.load(tenantId),
      }),
    }),
  },
);
