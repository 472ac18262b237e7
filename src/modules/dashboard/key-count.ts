import { builder } from '../../graphql/builder.ts';

export interface KeyCount {
  key: string;
  label: string;
  count: number;
}

export const KeyCountType = builder.objectRef<KeyCount>('KeyCount').implement({
  description: 'How many there are of one kind.',
  fields: (t) => ({
    key: t.exposeString('key', {
      description: 'The kind: an enum value, or the key of a choice; `none` for those without a category.',
    }),
    label: t.exposeString('label', { description: 'What people see for the key.' }),
    count: t.exposeInt('count', { description: 'How many.' }),
  }),
});

/** One entry per enum value, in the order given, zero included. */
export function keyCounts<Key extends string>(keys: readonly Key[], counts: Record<Key, number>): KeyCount[] {
  return keys.map((key) => ({ key, label: labelOf(key), count: counts[key] }));
}

/** `IN_PROGRESS` reads `In progress`. */
function labelOf(key: string): string {
  const words = key.toLowerCase().replaceAll('_', ' ');
  return `${words[0]?.toUpperCase()}${words.slice(1)}`;
}
