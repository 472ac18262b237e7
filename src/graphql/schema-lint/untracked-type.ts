import { getNamedType, GraphQLID, isObjectType, type GraphQLNamedType } from 'graphql';
import { typesBelowQuery } from '../cache-control/let-types-inherit.ts';
import { policyOf } from '../cache-control/policy-of.ts';
import type { Rule } from './finding.ts';

/** What has an id is made from rows: kept answers that hold it must hear of their changes. */
export const untrackedType: Rule = ({ schema, changeLog }) =>
  [...typesBelowQuery(schema)]
    .filter((type) => hasId(type) && policyOf(type).maxAge !== 0)
    .filter(({ name }) => !changeLog.types.has(nameInTags(name)))
    .map(({ name }) => ({
      rule: 'untracked-type',
      coordinate: name,
      message:
        `It has an id, but no table logs its changes as "${nameInTags(name)}", so kept answers would not hear of them. ` +
        `Call track_changes(<table>, '${nameInTags(name)}') in a migration, or do not keep it: cacheControl: { maxAge: 0 }.`,
    }));

function hasId(type: GraphQLNamedType): boolean {
  const id = isObjectType(type) ? type.getFields()['id'] : undefined;
  return id !== undefined && getNamedType(id.type) === GraphQLID;
}

/** `LeaveRequest` is `leave_request` in tags. */
function nameInTags(typeName: string): string {
  return typeName.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase();
}
