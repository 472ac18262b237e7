import { isCompositeType, isLeafType } from 'graphql';
import { policyOf } from '../cache-control/policy-of.ts';
import { fieldsBelowQuery, type ReachableField } from './fields-below-query.ts';
import type { Finding, Rule } from './finding.ts';
import { guardOf } from './guards.ts';

/** PUBLIC promises the same answer to everybody: nothing that is guarded or personal keeps that promise. */
export const underPublic: Rule = ({ schema }) => {
  const fields = fieldsBelowQuery(schema);
  const shared = new Set(fields.filter(isPublic).map(({ type }) => type.name));
  // A scalar that says nothing goes by the object it is selected on; an object never does.
  const isShared = (at: ReachableField) =>
    isPublic(at) || (at.said.policy.scope === undefined && isLeafType(at.type) && shared.has(at.parent.name));
  return fields.flatMap((at) => [...(isShared(at) ? guardedUnderPublic(at) : []), ...privateUnderPublic(at, shared)]);
};

function guardedUnderPublic({ parent, field, type, said: { coordinate } }: ReachableField): Finding[] {
  const guard = guardOf(field) ?? guardOf(parent) ?? guardOf(type);
  if (guard === null) return [];
  const message = `It is guarded (${guard}) and PUBLIC at once: everybody would share what only some may see. Say scope: 'TENANT'.`;
  return [{ rule: 'guarded-under-public', coordinate, message }];
}

function privateUnderPublic({ parent, type, said }: ReachableField, shared: ReadonlySet<string>): Finding[] {
  const { coordinate } = said;
  const finding = (message: string): Finding[] => [{ rule: 'private-under-public', coordinate, message }];
  if (said.policy.scope === 'PUBLIC' && isCompositeType(type) && policyOf(type).scope === 'PRIVATE') {
    return finding(`It says PUBLIC of ${type.name}, which is PRIVATE. Leave the scope out, so that the type's counts.`);
  }
  if (said.policy.scope === 'PRIVATE' && shared.has(parent.name)) {
    return finding(
      `It is PRIVATE within ${parent.name}, which is PUBLIC: what holds both is for one viewer alone. ` +
        `Say scope: 'TENANT' of ${parent.name}, or move the field to a type of its own.`,
    );
  }
  return [];
}

function isPublic({ said }: ReachableField): boolean {
  return said.policy.scope === 'PUBLIC';
}
