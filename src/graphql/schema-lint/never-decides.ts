import { isCompositeType, isObjectType } from 'graphql';
import { typesBelowQuery } from '../cache-control/let-types-inherit.ts';
import { policyOf } from '../cache-control/policy-of.ts';
import { fieldsBelowQuery, type ReachableField } from './fields-below-query.ts';
import type { Finding, LintInput, Rule } from './finding.ts';
import { maxAgeLimit, widestPaths, windowLimit } from './widest-path.ts';

const windows = ['staleWhileRevalidate', 'staleIfError', 'clientMaxAge'] as const;

/** Numbers that are never the least on any path to where they are written. */
export const neverDecides: Rule = (input) => [
  ...longerThanEveryPath(input),
  ...replacedEverywhere(input),
  ...windows.flatMap((name) => closedWindows(input, name)),
];

function longerThanEveryPath({ schema }: LintInput): Finding[] {
  const left = widestPaths(schema, maxAgeLimit);
  return grouped(fieldsBelowQuery(schema)).flatMap(([coordinate, fields]) => {
    const maxAge = fields[0]?.said.policy.maxAge ?? 0;
    const most = Math.max(...fields.map(({ parent }) => left.get(parent.name) ?? 0));
    if (fields.some(({ said }) => said.isDynamic) || maxAge <= most) return [];
    const message = `Its maxAge of ${maxAge} s never counts: what leads to it is kept for ${most} s at most. Write inheritMaxAge: true instead, or less than that.`;
    return [{ rule: 'never-applies', coordinate, message }];
  });
}

/** By where their maxAge is written: a type's stands for all the fields that return it. */
function grouped(fields: readonly ReachableField[]): [string, ReachableField[]][] {
  const byPlace = new Map<string, ReachableField[]>();
  for (const field of fields) {
    const place = field.said.maxAgeSetBy;
    if (place !== null) byPlace.set(place, [...(byPlace.get(place) ?? []), field]);
  }
  return [...byPlace];
}

function replacedEverywhere({ schema }: LintInput): Finding[] {
  const fields = fieldsBelowQuery(schema);
  const inAbstract = new Set(
    fields.flatMap(({ type }) => (isCompositeType(type) && !isObjectType(type) ? schema.getPossibleTypes(type) : [])),
  );
  return [...typesBelowQuery(schema)]
    .filter((type) => policyOf(type).maxAge !== undefined && !(isObjectType(type) && inAbstract.has(type)))
    .filter((type) => fields.every((at) => at.type !== type || at.said.maxAgeSetBy !== type.name))
    .map(({ name }) => ({
      rule: 'never-applies',
      coordinate: name,
      message: 'Its maxAge never counts: every field that returns it has one of its own. Leave out one or the other.',
    }));
}

function closedWindows({ schema }: LintInput, name: (typeof windows)[number]): Finding[] {
  const left = widestPaths(schema, windowLimit(name));
  return grouped(fieldsBelowQuery(schema)).flatMap(([coordinate, fields]) => {
    const { policy } = fields[0]!.said;
    if (!policy[name] || fields.some(({ said }) => said.isDynamic)) return [];
    const finding = (message: string): Finding[] => [{ rule: 'never-applies', coordinate, message }];
    if (policy.maxAge === 0)
      return finding(`Its ${name} never counts: it is not kept at all. Leave ${name} out, or say a maxAge.`);
    if (fields.some(({ parent }) => (left.get(parent.name) ?? 0) > 0)) return [];
    return finding(
      `Its ${name} never counts: nothing that leads to it has one. Leave it out, or give ${name} to the fields above.`,
    );
  });
}
