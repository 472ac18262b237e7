import { z } from 'zod';
import { AppError } from '../errors.ts';
import { isUuid } from '../ids.ts';

/** The opaque id clients see: the type and the uuid, base64url. */
export function encodeGlobalId(typename: string, id: string): string {
  return Buffer.from(`${typename}:${id}`).toString('base64url');
}

export function decodeGlobalId(value: string): { typename: string; id: string } {
  const parsed = parse(value);
  if (!parsed) throw new AppError('BAD_USER_INPUT', `"${value.slice(0, 80)}" is not an id that this API gave out.`);
  return parsed;
}

/** A zod type for an id argument: takes the global id of one type, answers the uuid inside. */
export function globalId(typename: string) {
  return z.string().transform((value, context) => {
    const parsed = parse(value);
    if (parsed?.typename === typename) return parsed.id;
    context.addIssue({ code: 'custom', message: `Send the id of a ${typename}, as this API gave it out.` });
    return z.NEVER;
  });
}

function parse(value: string): { typename: string; id: string } | null {
  const [typename, id, ...rest] = Buffer.from(value, 'base64url').toString('utf8').split(':');
  if (!typename || !/^[A-Z]\w*$/.test(typename) || !isUuid(id) || rest.length > 0) return null;
  return { typename, id };
}
