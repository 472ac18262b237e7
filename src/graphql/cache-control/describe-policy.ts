import { directiveArguments } from './directive.ts';
import type { FieldCacheControl } from './policy.ts';

/**
 * The policy as a sentence for the description: introspection knows nothing of directives, so this is how GraphiQL and
 * other readers of it come to see `@cacheControl`.
 */
export function describePolicy(policy: FieldCacheControl): string {
  const sentences = [...lifetime(policy), ...audience(policy), ...staleness(policy)];
  return [...sentences, `\`${written(policy)}\``].join(' ');
}

function lifetime({ maxAge, inheritMaxAge, dynamic }: FieldCacheControl): string[] {
  const otherwise = dynamic ? ', or as its result says' : '';
  if (maxAge === 0) return [`Not kept${otherwise}.`];
  if (maxAge !== undefined) return [`Kept at most ${duration(maxAge)}${otherwise}.`];
  if (inheritMaxAge) return [`Kept as long as what it is part of${otherwise}.`];
  return dynamic ? ['Kept as its result says.'] : [];
}

function audience({ scope }: FieldCacheControl): string[] {
  if (scope === 'PRIVATE') return ['For the viewer alone.'];
  return scope === 'PUBLIC' ? ['The same for everybody.'] : [];
}

function staleness(policy: FieldCacheControl): string[] {
  const { staleWhileRevalidate: refreshing, staleIfError: failing, clientMaxAge, staleWhenChanged } = policy;
  return [
    ...(refreshing
      ? [
          `For ${duration(refreshing)} more, marked STALE, while it is made anew${staleWhenChanged ? ', also after a change' : ''}.`,
        ]
      : []),
    ...(failing ? [`For ${duration(failing)} more, marked STALE, where that fails.`] : []),
    ...(clientMaxAge ? [`Clients need not ask again for ${duration(clientMaxAge)}.`] : []),
  ];
}

function written(policy: FieldCacheControl): string {
  const args = Object.entries(directiveArguments(policy)).map(([name, value]) => `${name}: ${value}`);
  return `@cacheControl(${args.join(', ')})`;
}

const units = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
] as const;

/** `15 minutes`; in the largest unit that divides it. */
export function duration(seconds: number): string {
  const [length, name] = units.find(([unit]) => seconds % unit === 0) ?? [1, 'second'];
  const count = seconds / length;
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}
