import { z } from 'zod';
import { builder } from '../../graphql/builder.ts';
import { globalId } from '../../graphql/global-id.ts';
import { mutation } from '../../graphql/mutation.ts';
import { checkReferences } from '../../graphql/references.ts';
import { timeZoneName } from '../../graphql/time-zone.ts';
import type { Preferences } from './loaders.ts';
import { themes } from './table.ts';

declare module '../../graphql/objects.ts' {
  interface Objects {
    Preferences: Preferences;
  }
}

const Theme = builder.enumType('Theme', {
  description: 'How pages look.',
  values: {
    SYSTEM: { description: 'As the device does.' },
    LIGHT: { description: 'Dark on light.' },
    DARK: { description: 'Light on dark.' },
  } as const,
});

builder.objectType('Preferences', {
  description: 'What somebody has set for themselves.',
  fields: (t) => ({
    locale: t.exposeString('locale', { description: 'Language and region, BCP 47: `en-GB`.' }),
    timeZone: t.exposeString('time_zone', { nullable: true, description: "IANA name; null for the tenant's." }),
    theme: t.expose('theme', { type: Theme, description: 'How pages look.' }),
    emailNotifications: t.exposeBoolean('email_notifications', {
      description: 'Whether notifications are sent by e-mail too.',
    }),
    defaultSite: t.field({
      type: 'Site',
      nullable: true,
      description: 'The site that forms and dashboards start with; null for none.',
      resolve: ({ default_site_id: id }, _args, context) => (id ? context.loaders.site.load(id) : null),
    }),
  }),
});

const preferencesInput = z.object({
  locale: z
    .string('Send a BCP 47 language tag: en-GB.')
    .max(100, 'Use at most 100 characters.')
    .transform((tag, context) => {
      const locale = canonicalLocale(tag);
      if (locale) return locale;
      context.addIssue({ code: 'custom', message: 'Send a BCP 47 language tag: en-GB.' });
      return z.NEVER;
    })
    .optional(),
  timeZone: timeZoneName.nullish(),
  theme: z.enum(themes, `Send one of ${themes.join(', ')}.`).optional(),
  emailNotifications: z.boolean('Send true or false.').optional(),
  defaultSiteId: globalId('Site').nullish(),
});

builder.relayMutationField(
  'updatePreferences',
  {
    description: 'What changes; what is left out stays as it is.',
    inputFields: (t) => ({
      locale: t.string({ description: 'Language and region, BCP 47: `en-GB`.' }),
      timeZone: t.string({ description: "IANA name: `Europe/Rome`; null for the tenant's." }),
      theme: t.field({ type: Theme, description: 'How pages look.' }),
      emailNotifications: t.boolean({ description: 'Whether notifications are sent by e-mail too.' }),
      defaultSiteId: t.id({ description: 'The site that forms and dashboards start with; null for none.' }),
    }),
  },
  {
    description: "Changes the viewer's own preferences; nobody else's can be changed.",
    errors: {},
    resolve: mutation({
      input: preferencesInput,
      async run({ input, trx, context: { viewer, now } }) {
        await checkReferences(trx, [
          {
            field: 'defaultSiteId',
            table: 'sites',
            id: input.defaultSiteId,
            having: { active: true },
            message: 'Send the id of an active site, or null for none.',
          },
        ]);
        const columns = { ...columnsOf(input), updated_at: now };
        await trx
          .insertInto('preferences')
          .values({ person_id: viewer.personId, ...columns })
          .onConflict((conflict) => conflict.columns(['tenant_id' as never, 'person_id']).doUpdateSet(columns))
          .execute();
        return { personId: viewer.personId };
      },
    }),
  },
  {
    outputFields: (t) => ({
      preferences: t.field({
        type: 'Preferences',
        description: 'The preferences as they are now.',
        resolve: ({ personId }, _args, context) => context.loaders.preferences.load(personId),
      }),
    }),
  },
);

/** The tag as the standard spells it, `en-GB` for `en-gb`; null where it is none. */
function canonicalLocale(tag: string): string | null {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? null;
  } catch {
    return null;
  }
}

/** Only the columns that were sent: absent is not null. */
function columnsOf(input: z.output<typeof preferencesInput>): Partial<Preferences> {
  const columns = {
    locale: input.locale,
    time_zone: input.timeZone,
    theme: input.theme,
    email_notifications: input.emailNotifications,
    default_site_id: input.defaultSiteId,
  };
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined));
}
