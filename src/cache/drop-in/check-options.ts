import { z } from 'zod';

const callable = z.custom((value) => typeof value === 'function', 'Send a function.').optional();
const withMethods = (names: readonly string[], message: string) =>
  z.custom((value) => names.every((name) => typeof (value as Record<string, unknown> | null)?.[name] === 'function'), {
    message,
  });
const milliseconds = (message: string) => z.number(message).nonnegative(message);

const strict = z.strictObject({ mode: z.literal('strict') });
const bounded = z.strictObject({
  mode: z.literal('bounded'),
  maxStalenessMs: milliseconds('Send milliseconds, 0 or more.'),
});

const options = z
  .strictObject(
    {
      log: withMethods(['pull', 'append', 'renewEpoch'], 'Send a log: createPostgresLog({ pool }), say.').optional(),
      store: withMethods(['get', 'set'], 'Send an envelop cache: createRedisCache({ redis }), say.').nullish(),
      secret: z.string('Send a text.').min(1, 'Send a text, or leave it out: nothing is signed with none.').optional(),
      encryptionKeys: z
        .array(z.looseObject({ id: z.string(), key: z.unknown() }), "Send what parseEncryptionKeys('<name>:…') gives.")
        .min(1, 'Send at least one key, or leave it out: nothing is encrypted with none.')
        .optional(),
      coherence: z
        .discriminatedUnion('mode', [strict, bounded], {
          error: "Send { mode: 'strict' } or { mode: 'bounded', maxStalenessMs: 500 }.",
        })
        .optional(),
      precision: z.enum(['type', 'entity'], "Send 'type' or 'entity'.").optional(),
      idFields: z
        .array(z.string(), 'Send a list of names.')
        .min(1, 'Name at least one field, or leave it out.')
        .optional(),
      tenantOf: callable,
      maxBytes: z.number('Send a number of bytes above 0.').positive('Send a number of bytes above 0.').optional(),
      maxTtlMs: milliseconds('Send milliseconds, 0 or more.').optional(),
      emit: callable,
    },
    {
      error: ({ code }) => (code === 'unrecognized_keys' ? 'There is no such option.' : 'Send an object, or nothing.'),
    },
  )
  .optional();

/**
 * Fails with everything that is wrong, by name. JavaScript has no types to do it, and a precision that is misspelt, or a
 * list of keys that came out empty, would be found out much later: by something stale, or something readable.
 */
export function checkOptions(given: unknown): void {
  const { error } = options.safeParse(given);
  if (!error) return;
  const problems = error.issues.flatMap((issue) => {
    const names = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    return names.map((path) => `${path.length > 0 ? `${path.join('.')}: ` : ''}${issue.message}`);
  });
  throw new TypeError(`createCoherentCache: ${problems.join(' ')}`);
}
