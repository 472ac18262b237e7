import fc from 'fast-check';
import {
  getNamedType,
  isAbstractType,
  isLeafType,
  isListType,
  isObjectType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';
import { schemaOf } from './apollo-server.ts';

const objects = ['A', 'B', 'C', 'D'] as const;
const seconds = fc.integer({ min: 0, max: 20 });
const policy = fc
  .record(
    {
      maxAge: seconds,
      scope: fc.constantFrom('PUBLIC', 'PRIVATE'),
      inheritMaxAge: fc.boolean(),
      staleWhileRevalidate: seconds,
      staleIfError: seconds,
      clientMaxAge: seconds,
    },
    { requiredKeys: [] },
  )
  .map((said) => Object.entries(said).map(([name, value]) => `${name}: ${value}`))
  .map((args) => (args.length > 0 ? `@cacheControl(${args.join(', ')})` : ''));

/** A schema with a policy here and there: four types that refer to each other, and two unions of them where wanted. */
export function randomSchema({ unions }: { unions: boolean }): fc.Arbitrary<GraphQLSchema> {
  const returned = unions ? [...objects, 'U', 'V'] : objects;
  const field = (name: string) =>
    fc
      .tuple(fc.constantFrom(...returned), fc.boolean(), policy)
      .map(([type, isList, said]) => `${name}: ${isList ? `[${type}]` : type} ${said}`);
  const leaf = (name: string) => policy.map((said) => `${name}: String ${said}`);
  const fields = fc.tuple(leaf('s'), leaf('t'), field('x'), field('y')).map((all) => all.join(' '));
  const type = (name: string) => fc.tuple(policy, fields).map(([said, own]) => `type ${name} ${said} { ${own} }`);
  const union = fc.tuple(policy, policy).map(([u, v]) => `union U ${u} = A | B union V ${v} = B | C | D`);
  return fc
    .tuple(fields, union, ...objects.map(type))
    .map(([root, both, ...types]) => schemaOf(`type Query { ${root} } ${types.join(' ')} ${unions ? both : ''}`));
}

/** What an operation is made of: the same tape makes the same operation, a longer one selects more. */
export const tape = fc.array(fc.nat({ max: 99 }), { minLength: 1, maxLength: 40 });

/** A valid operation. Each number of the tape selects one field more, somewhere. */
export function operationOf(schema: GraphQLSchema, numbers: readonly number[]): string {
  const root = newSelection(schema.getQueryType()!);
  for (const number of numbers) extend(schema, root, number);
  return written(root);
}

interface Selection {
  readonly type: GraphQLNamedType;
  readonly fields: Map<string, Selection | null>;
}

function newSelection(type: GraphQLNamedType): Selection {
  return { type, fields: new Map() };
}

/** Goes down what is selected already, turning where the number says, and selects one field there. */
function extend(schema: GraphQLSchema, from: Selection, number: number): void {
  let here = from;
  for (let rest = number, depth = 0; depth < 5; rest = Math.floor(rest / 4), depth += 1) {
    const names = selectable(schema, here.type);
    const name = names[rest % names.length]!;
    const type = typeOf(schema, here.type, name);
    if (isLeafType(type)) return void here.fields.set(name, null);
    const next = here.fields.get(name);
    if (next) {
      here = next;
      continue;
    }
    const added = newSelection(type);
    here.fields.set(name, added);
    return;
  }
}

/** Fields of an object; of a union the fragments on its types. */
function selectable(schema: GraphQLSchema, type: GraphQLNamedType): string[] {
  if (isObjectType(type)) return Object.keys(type.getFields());
  return isAbstractType(type) ? schema.getPossibleTypes(type).map(({ name }) => `... on ${name}`) : [];
}

function typeOf(schema: GraphQLSchema, parent: GraphQLNamedType, name: string): GraphQLNamedType {
  if (isObjectType(parent)) return getNamedType(parent.getFields()[name]!.type);
  return schema.getType(name.slice('... on '.length))!;
}

function written({ type, fields }: Selection): string {
  const selections = [...fields].map(([name, below]) => {
    // Two types of a union may have a field of the same name and another type: an alias tells them apart.
    const alias = isObjectType(type) && below ? `${name}${shapeOf(type, name)}: ` : '';
    return `${alias}${name}${below ? ` ${written(below)}` : ''}`;
  });
  return `{ __typename ${selections.join(' ')} }`;
}

/** What GraphQL compares before it merges two fields of one name: what comes out, and whether it is a list. */
function shapeOf(type: GraphQLObjectType, name: string): string {
  const field = type.getFields()[name]!;
  return `${getNamedType(field.type).name}${isListType(field.type) ? 's' : ''}`;
}
