import type { Updateable } from 'kysely';
import { z } from 'zod';
import { globalId } from '../../graphql/global-id.ts';
import type { PeopleTable } from './table.ts';

const emailHint = 'Send an e-mail address: name@example.org.';
const listOf = (typename: string) =>
  z
    .array(globalId(typename), 'Send a list of ids.')
    .max(100, 'Send at most 100 ids.')
    .nullish()
    .transform((ids) => (ids === null ? [] : ids));
const text = (longest: number) =>
  z
    .string()
    .trim()
    .min(1, 'Send some text, or null for none.')
    .max(longest, `Use at most ${longest} characters.`)
    .nullish();

/** What can be said about a person; the same for a new one and for a change. */
export const personInput = {
  name: z.string('Send a name.').trim().min(1, 'Send a name.').max(200, 'Use at most 200 characters.'),
  email: z.string(emailHint).trim().toLowerCase().max(254, 'Use at most 254 characters.').pipe(z.email(emailHint)),
  username: z.string('Send a username.').trim().min(1, 'Send a username.').max(100, 'Use at most 100 characters.'),
  phone: text(50),
  title: text(200),
  emergencyContact: text(1000),
  siteId: globalId('Site').nullish(),
  siteIds: listOf('Site'),
  teamIds: listOf('Team'),
};

const sent = z.object(personInput).partial();
export type PersonInput = Omit<z.output<typeof sent>, 'username'> & { username?: string | null | undefined };

type Columns = Partial<
  Pick<Updateable<PeopleTable>, 'name' | 'email' | 'username' | 'phone' | 'title' | 'emergency_contact' | 'site_id'>
>;

/** Only the columns that were sent: absent is not null. */
export function columnsOf(input: PersonInput): Columns {
  const columns = {
    name: input.name,
    email: input.email,
    username: input.username ?? undefined,
    phone: input.phone,
    title: input.title,
    emergency_contact: input.emergencyContact,
    site_id: input.siteId,
  };
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined));
}
