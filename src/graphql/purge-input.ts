import { z } from 'zod';
import type { PurgeOrder, PurgeTarget } from '../db/cache-purge.ts';
import { globalId } from './global-id.ts';

/** Rows that one purge may name. */
const maxIds = 500;
const selectors = ['type', 'tag', 'operationName', 'tenantWide'] as const;

const flag = (name: string) => z.boolean(`Send true or false as ${name}.`).nullish();

/** What a purge may say, wherever it comes from. */
export const purgeFields = {
  type: z
    .string('Send the name of a type, such as Ticket.')
    .regex(/^[A-Z][A-Za-z]{0,62}$/, 'Send the name of a type, such as Ticket.')
    .nullish(),
  ids: z
    .array(z.string('Send ids as this API gave them out.'), 'Send a list of ids.')
    .min(1, 'Send 1 or more ids, or leave them out to purge the whole type.')
    .max(maxIds, `Send at most ${maxIds} ids, or leave them out to purge the whole type.`)
    .nullish(),
  tag: z
    .string('Send the name of a tag.')
    .regex(/^[^\p{Cc}]{1,200}$/u, 'Send 1 to 200 characters, none of them a control character.')
    .nullish(),
  operationName: z
    .string('Send the name of an operation.')
    .regex(/^[_A-Za-z]\w{0,255}$/, 'Send the name of an operation as documents write it, such as Dashboard.')
    .nullish(),
  tenantWide: flag('tenantWide'),
  soft: flag('soft'),
  dryRun: flag('dryRun'),
};

type Fields = z.output<z.ZodObject<typeof purgeFields>>;

/** Settles what is to be purged, of what was sent. Adds what is wrong with it to the issues of the context. */
export function toPurgeOrder(fields: Fields, context: z.RefinementCtx): PurgeOrder {
  const target = targetOf(fields, (field, message) => {
    context.addIssue({ code: 'custom', path: field === null ? [] : field.split('.'), message });
  });
  return target ? { target, soft: fields.soft ?? false, dryRun: fields.dryRun ?? false } : z.NEVER;
}

type Refuse = (field: string | null, message: string) => void;

function targetOf(fields: Fields, refuse: Refuse): PurgeTarget | null {
  const { type, tag, operationName } = fields;
  const sent = selectors.filter((name) => fields[name] != null && fields[name] !== false);
  const idsAlone = fields.ids != null && type == null;
  if (idsAlone) refuse('ids', 'Send their type, too: ids go with a type only.');
  if (sent.length > 1) refuse(sent[1] ?? null, `Send one of ${selectors.join(', ')}: not ${sent.join(' and ')}.`);
  if (sent.length === 0 && !idsAlone) refuse(null, `Say what to purge: send one of ${selectors.join(', ')}.`);
  if (sent.length !== 1 || idsAlone) return null;
  if (type != null) return typeTarget(type, fields.ids ?? null, refuse);
  if (tag != null) return { kind: 'tag', tag };
  if (operationName != null) return { kind: 'operation', operationName };
  return { kind: 'tenant' };
}

function typeTarget(type: string, ids: readonly string[] | null, refuse: Refuse): PurgeTarget | null {
  if (!ids) return { kind: 'type', type, ids };
  const parsed = z.array(globalId(type)).safeParse(ids);
  if (parsed.success) return { kind: 'type', type, ids: [...new Set(parsed.data)] };
  for (const { path, message } of parsed.error.issues) refuse(`ids.${path.join('.')}`, message);
  return null;
}
