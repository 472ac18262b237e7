import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  buildSchema as parseSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isSpecifiedDirective,
  isSpecifiedScalarType,
  type GraphQLSchema,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { printSdl } from '../src/app/print-sdl.ts';
import { buildSchema } from '../src/graphql/schema.ts';

describe('schema/schema.graphql', () => {
  it('is what the code says: `npm run schema` writes it anew', () => {
    const kept = readFileSync(join(import.meta.dirname, '../schema/schema.graphql'), 'utf8');
    expect(kept).toBe(printSdl());
  });
});

describe('the documentation in the schema', () => {
  it('covers every type, field, argument, input field, enum value and directive', () => {
    expect(undescribed(buildSchema())).toEqual([]);
  });

  it('is missed wherever it is missing', () => {
    const bare = parseSchema(`
      directive @fast(by: Int) on FIELD
      enum Colour { RED }
      input Paint { colour: Colour }
      scalar Day
      union Thing = Wall
      type Wall { day: Day }
      type Query { paint(paint: Paint): Thing }
    `);
    expect(undescribed(bare)).toEqual([
      '@fast',
      '@fast(by:)',
      'Colour',
      'Colour.RED',
      'Day',
      'Paint',
      'Paint.colour',
      'Query',
      'Query.paint',
      'Query.paint(paint:)',
      'Thing',
      'Wall',
      'Wall.day',
    ]);
  });
});

interface Described {
  description?: string | null;
}

/** The coordinates that say nothing about themselves. */
function undescribed(schema: GraphQLSchema): string[] {
  return coordinates(schema)
    .filter(([, { description }]) => !description?.trim())
    .map(([coordinate]) => coordinate)
    .toSorted();
}

function coordinates(schema: GraphQLSchema): [string, Described][] {
  const directives = schema.getDirectives().filter((directive) => !isSpecifiedDirective(directive));
  const types = Object.values(schema.getTypeMap()).filter(
    (type) => !type.name.startsWith('__') && !isSpecifiedScalarType(type),
  );
  return [
    ...directives.flatMap((directive): [string, Described][] => [
      [`@${directive.name}`, directive],
      ...directive.args.map((arg): [string, Described] => [`@${directive.name}(${arg.name}:)`, arg]),
    ]),
    ...types.flatMap((type): [string, Described][] => {
      const own: [string, Described] = [type.name, type];
      if (isEnumType(type)) return [own, ...type.getValues().map((value) => member(type.name, value))];
      if (isInputObjectType(type))
        return [own, ...Object.values(type.getFields()).map((field) => member(type.name, field))];
      if (!isObjectType(type) && !isInterfaceType(type)) return [own];
      const fields = Object.values(type.getFields()).flatMap((field): [string, Described][] => [
        member(type.name, field),
        ...field.args.map((arg): [string, Described] => [`${type.name}.${field.name}(${arg.name}:)`, arg]),
      ]);
      return [own, ...fields];
    }),
  ];
}

function member(type: string, described: Described & { name: string }): [string, Described] {
  return [`${type}.${described.name}`, described];
}
