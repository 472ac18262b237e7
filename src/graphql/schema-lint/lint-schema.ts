import type { Finding, LintInput, Rule } from './finding.ts';
import { neverApplies } from './never-applies.ts';
import { neverDecides } from './never-decides.ts';
import { noIdentity } from './no-identity.ts';
import { rootWithoutPolicy } from './root-without-policy.ts';
import { underPublic } from './under-public.ts';
import { untrackedType } from './untracked-type.ts';

export type { ChangeLogged, Finding, LintInput, RuleName } from './finding.ts';

const rules: readonly Rule[] = [rootWithoutPolicy, untrackedType, underPublic, noIdentity, neverApplies, neverDecides];

/** Reads the cache policy of a whole schema, and reports what its author cannot have meant. */
export function lintSchema(input: LintInput): Finding[] {
  return rules
    .flatMap((rule) => rule(input))
    .toSorted((a, b) => a.coordinate.localeCompare(b.coordinate, 'en') || a.rule.localeCompare(b.rule, 'en'));
}
