import type { Explanation } from '../app/check-schema.ts';

/** An explanation for people: what holds for the answer, then who said so. */
export function explanationText({ operation, type, isKept, reason, plan, guarded }: Explanation): string {
  const facts: [string, string][] = isKept
    ? [
        ['kept', keptText(plan)],
        ['scope', scopeText(plan, guarded.length > 0)],
        ['stale', staleText(plan)],
        ['clients', plan.clientMaxAgeS > 0 ? `need not ask for ${plan.clientMaxAgeS} s` : 'always ask'],
      ]
    : [['kept', `no. ${reason}`]];
  return [
    `${type} ${operation ?? '(without a name)'}`,
    ...facts.map(([name, text]) => `  ${name.padEnd(8)} ${text}`),
    ...list(
      '  guarded',
      guarded.map(({ coordinate, needs }) => `${coordinate}: ${needs}`),
    ),
    ...list('  policies', plan.policies.map(policyText)),
  ].join('\n');
}

type Plan = Explanation['plan'];

function keptText({ maxAgeS, decidedBy, policies }: Plan): string {
  const dynamic = policies.filter(({ isDynamic }) => isDynamic).map(({ coordinate }) => coordinate);
  const unless = dynamic.length > 0 ? `, unless the result of ${dynamic.join(' or ')} says otherwise` : '';
  return maxAgeS > 0
    ? `at most ${maxAgeS} s, by ${decidedBy}${unless}`
    : `only if the result of ${dynamic.join(' and ')} says so`;
}

function scopeText({ isPrivate, isPublic, scopeDecidedBy }: Plan, isGuarded: boolean): string {
  if (isPrivate) return `PRIVATE, by ${scopeDecidedBy}`;
  if (isPublic) return 'PUBLIC: all that is selected says so';
  return `TENANT: shared by those for whom what its making looks at is the same${isGuarded ? ', what they may see included' : ''}`;
}

function staleText({ staleWhileRevalidateS, staleIfErrorS, staleWhenChanged }: Plan): string {
  const served = [
    ...(staleWhileRevalidateS > 0
      ? [`for ${staleWhileRevalidateS} s more while it is made anew${staleWhenChanged ? ', also after a change' : ''}`]
      : []),
    ...(staleIfErrorS > 0 ? [`for ${staleIfErrorS} s more where that fails`] : []),
  ];
  return served.length > 0 ? served.join('; ') : 'never';
}

function policyText({
  coordinate,
  policy,
  maxAgeSetBy,
  scopeSetBy,
  needsMaxAge,
  isDynamic,
}: Plan['policies'][number]): string {
  const by = (where: string | null) => (where === null || where === coordinate ? '' : ` (of ${where})`);
  const maxAge = policy.maxAge ?? (needsMaxAge ? 0 : null);
  const said = [
    ...(maxAge === null ? [] : [`maxAge ${maxAge}${policy.maxAge === undefined ? ' (by default)' : by(maxAgeSetBy)}`]),
    ...(policy.scope ? [`scope ${policy.scope}${by(scopeSetBy)}`] : []),
    ...(['staleWhileRevalidate', 'staleIfError', 'clientMaxAge'] as const).flatMap((name) =>
      policy[name] ? [`${name} ${policy[name]}`] : [],
    ),
    ...(policy.staleWhenChanged ? ['staleWhenChanged'] : []),
    ...(isDynamic ? ['dynamic'] : []),
  ];
  return `${coordinate}: ${said.join(', ')}`;
}

function list(title: string, lines: readonly string[]): string[] {
  return lines.length > 0 ? [title, ...lines.map((line) => `    ${line}`)] : [];
}
