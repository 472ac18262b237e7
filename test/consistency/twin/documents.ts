import {
  getNamedType,
  getNullableType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';
import type { Dice } from '../../support/dice.ts';
import { words } from './rows.ts';

/** Global ids by type, `Ticket`, of rows there are. */
export type Ids = ReadonlyMap<string, readonly string[]>;

export interface DocumentOptions {
  schema: GraphQLSchema;
  dice: Dice;
  ids: Ids;
  /** Root fields to choose from. @default all */
  roots?: readonly string[];
}

/** Whose ids an argument takes, by its name. */
const referenced: Readonly<Record<string, string>> = {
  siteId: 'Site',
  defaultSiteId: 'Site',
  assigneeId: 'Person',
  reporterId: 'Person',
  personId: 'Person',
  holderId: 'Person',
  teamId: 'Team',
  categoryId: 'Choice',
  typeId: 'Choice',
  customerId: 'Customer',
  roleId: 'Role',
  roleIds: 'Role',
  assetId: 'Asset',
  ticketId: 'Ticket',
  otherSiteIds: 'Site',
  teamIds: 'Team',
};
/** Nobody caches these. */
const left = new Set(['emergencyContact', '__typename']);

/** A random query: any root field, any arguments, any selection. Some are refused, as those of clients are. */
export function randomQuery(options: DocumentOptions): string {
  const { schema, dice, roots } = options;
  const fields = Object.values(schema.getQueryType()?.getFields() ?? {});
  const allowed = roots ? fields.filter(({ name }) => roots.includes(name)) : fields;
  return `{ ${Array.from({ length: dice.chance(0.15) ? 2 : 1 }, (_, index) => `r${index}: ${fieldText(options, dice.pick(allowed), 3)}`).join(' ')} }`;
}

/** A mutation with random input. `given` fixes some of its fields. */
export function randomMutation(
  options: DocumentOptions,
  field: string,
  given: Readonly<Record<string, string>>,
): string {
  const type = options.schema.getMutationType()?.getFields()[field]?.args[0]?.type;
  const input = type && getNullableType(type);
  if (!isInputObjectType(input)) throw new Error(`There is no mutation ${field} that takes an input.`);
  const subject = field.replace(/^[a-z]+/, ''); // updateTicket: Ticket
  const fields = Object.values(input.getFields()).flatMap((one) => {
    const value = given[one.name] ?? argumentValue(options, one, subject);
    return value === null ? [] : [`${one.name}: ${value}`];
  });
  return `mutation { ${field}(input: { ${fields.join(', ')} }) { __typename } }`;
}

function fieldText(options: DocumentOptions, field: GraphQLField<unknown, unknown>, depth: number): string {
  const type = getNamedType(field.type);
  const backwards = options.dice.chance(0.2);
  const args = field.args.flatMap((argument) => {
    if (argument.name === (backwards ? 'first' : 'last') || ['after', 'before'].includes(argument.name)) return [];
    const value = argumentValue(options, argument, type.name);
    return value === null ? [] : [`${argument.name}: ${value}`];
  });
  return field.name + (args.length > 0 ? `(${args.join(', ')})` : '') + selection(options, type, depth);
}

function selection(options: DocumentOptions, type: GraphQLNamedType, depth: number): string {
  if (isLeafType(type)) return '';
  const { schema, dice } = options;
  if (isAbstractType(type)) {
    const possible = dice.some(schema.getPossibleTypes(type), 6).filter(({ name }) => name !== 'Viewer');
    return ` { __typename ${possible.map((one) => `... on ${one.name}${selection(options, one, depth - 1)}`).join(' ')} }`;
  }
  if (!isObjectType(type)) throw new Error(`There is no selecting from ${type.name}.`);
  return ` { __typename ${chosenFields(type, dice, depth)
    .map((field) => fieldText(options, field, depth - 1))
    .join(' ')} }`;
}

function chosenFields(type: GraphQLObjectType, dice: Dice, depth: number): GraphQLField<unknown, unknown>[] {
  const fields = Object.values(type.getFields()).filter(({ name }) => !left.has(name));
  const leaves = fields.filter((field) => isLeafType(getNamedType(field.type)));
  const objects = fields.filter((field) => !isLeafType(getNamedType(field.type)));
  const isWrapper = /(Connection|Edge)$/.test(type.name);
  const nested =
    depth <= 0
      ? []
      : isWrapper
        ? objects.filter(({ name }) => name !== 'pageInfo')
        : dice.some(objects, dice.chance(0.6) ? 1 : 0);
  return [...dice.some(leaves, dice.int(1, 5)), ...nested];
}

/** null: left out. */
function argumentValue(
  options: DocumentOptions,
  argument: GraphQLArgument | GraphQLInputField,
  subject: string,
): string | null {
  const { dice } = options;
  if (!isNonNullType(argument.type) && !dice.chance(argument.name === 'filter' ? 0.7 : 0.35)) return null;
  return valueText(options, argument.type, argument.name, subject);
}

function valueText(options: DocumentOptions, type: GraphQLInputType, name: string, subject: string): string {
  const { dice } = options;
  const bare = getNullableType(type);
  if (isListType(bare)) {
    return `[${Array.from({ length: dice.int(1, 2) }, () => valueText(options, bare.ofType, name, subject)).join(', ')}]`;
  }
  if (isEnumType(bare)) return dice.pick(bare.getValues()).name;
  if (isInputObjectType(bare)) {
    const all = Object.values(bare.getFields());
    // A filter by one thing or two: the more must hold at once, the less is found.
    const few = dice.some(all, dice.int(1, 2));
    const fields = all.flatMap((field) => {
      if (bare.name.endsWith('Filter') && !isNonNullType(field.type)) {
        return few.includes(field) ? [`${field.name}: ${valueText(options, field.type, field.name, subject)}`] : [];
      }
      const value = argumentValue(options, field, subject);
      return value === null ? [] : [`${field.name}: ${value}`];
    });
    return `{ ${fields.join(', ')} }`;
  }
  return scalarText(options, getNamedType(bare).name, name, subject);
}

function scalarText({ dice, ids }: DocumentOptions, type: string, name: string, subject: string): string {
  const date = () => new Date(Date.UTC(2026, 10, dice.int(-25, 40), dice.int(0, 23))).toISOString();
  switch (type) {
    case 'ID': {
      const candidates = ids.get(referenced[name] ?? subject) ?? [...ids.values()].flat();
      return JSON.stringify(dice.pick(candidates.length > 0 ? candidates : [...ids.values()].flat()));
    }
    case 'Int':
      if (name === 'year') return '2026';
      if (name === 'month') return String(dice.int(10, 12));
      if (name === 'days')
        return subject === 'TicketStatistics' ? String(dice.pick([7, 30, 90, 365])) : String(dice.int(1, 30));
      return String(dice.int(1, 12));
    case 'Boolean':
      return String(dice.chance(0.5));
    case 'Date':
      return JSON.stringify(date().slice(0, 10));
    case 'DateTime':
      return JSON.stringify(date());
    default:
      return JSON.stringify(name === 'roleKey' ? dice.pick(['agent', 'member']) : dice.pick(words));
  }
}
