import fc from 'fast-check';
import { getOperationAST, parse, validate, type GraphQLSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { planOf } from '../../src/graphql/cache-plan.ts';
import { apolloPolicy } from '../support/apollo-server.ts';
import { operationOf, randomSchema, tape } from '../support/random-policies.ts';

const windows = ['staleWhileRevalidateS', 'staleIfErrorS', 'clientMaxAgeS'] as const;

describe('the plan of any operation of any schema', () => {
  it('is asked for valid operations only', () => {
    fc.assert(
      fc.property(randomSchema({ unions: true }), tape, (schema, numbers) => {
        expect(validate(schema, parse(operationOf(schema, numbers)))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('is what Apollo Server says, where nothing depends on what comes out of a union', async () => {
    let kept = 0;
    await fc.assert(
      fc.asyncProperty(randomSchema({ unions: false }), tape, async (schema, numbers) => {
        const operation = operationOf(schema, numbers);
        const { maxAgeS, isPrivate } = plan(schema, operation);
        if (maxAgeS > 0) kept += 1;
        expect(maxAgeS === 0 ? 'none' : `${maxAgeS} ${isPrivate ? 'PRIVATE' : 'PUBLIC'}`).toBe(
          await apolloPolicy(schema, operation),
        );
      }),
      { numRuns: 250 },
    );
    expect(kept).toBeGreaterThan(20); // else it has compared nothing with nothing
  });

  it('never keeps longer, or for more people, than Apollo Server, whatever comes out of a union', async () => {
    await fc.assert(
      fc.asyncProperty(randomSchema({ unions: true }), tape, async (schema, numbers) => {
        const operation = operationOf(schema, numbers);
        const { maxAgeS, isPrivate } = plan(schema, operation);
        const [maxAge = '0', scope] = (await apolloPolicy(schema, operation)).replace('none', '0').split(' ');
        expect(maxAgeS).toBeLessThanOrEqual(Number(maxAge));
        if (maxAgeS > 0 && scope === 'PRIVATE') expect(isPrivate).toBe(true);
      }),
      { numRuns: 250 },
    );
  });

  it('is never made longer, less private or more public by selecting more', () => {
    fc.assert(
      fc.property(randomSchema({ unions: true }), tape, fc.nat(), (schema, numbers, at) => {
        const [less, more] = [numbers.slice(0, 1 + (at % numbers.length)), numbers].map((some) =>
          plan(schema, operationOf(schema, some)),
        );
        if (!less || !more) return;
        expect(more.maxAgeS).toBeLessThanOrEqual(less.maxAgeS);
        for (const window of windows) expect(more[window]).toBeLessThanOrEqual(less[window]);
        if (less.isPrivate) expect(more.isPrivate).toBe(true);
        if (more.isPublic) expect(less.isPublic).toBe(true);
        if (!less.canBeKept) expect(more.canBeKept).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  it('names a coordinate of the schema for what it decides, and allows no window that this one does not', () => {
    fc.assert(
      fc.property(randomSchema({ unions: true }), tape, (schema, numbers) => {
        const { decidedBy, scopeDecidedBy, isPrivate, maxAgeS, policies, ...rest } = plan(
          schema,
          operationOf(schema, numbers),
        );
        expect(scopeDecidedBy !== null).toBe(isPrivate);
        const [type = '', field] = decidedBy?.split('.') ?? [];
        expect(schema.getType(type)).toBeDefined();
        if (field) expect(schema.getType(type)).toHaveProperty(['_fields', field]);
        if (maxAgeS === 0) return;
        const deciding = policies.find(({ maxAgeSetBy }) => maxAgeSetBy === decidedBy)!.policy;
        expect(deciding.maxAge).toBe(maxAgeS);
        expect(rest.staleIfErrorS).toBeLessThanOrEqual(deciding.staleIfError ?? 0);
        expect(rest.staleWhileRevalidateS).toBeLessThanOrEqual(deciding.staleWhileRevalidate ?? 0);
        expect(rest.clientMaxAgeS).toBeLessThanOrEqual(Math.min(maxAgeS, deciding.clientMaxAge ?? 0));
      }),
      { numRuns: 2_000 },
    );
  });
});

function plan(schema: GraphQLSchema, operation: string) {
  const document = parse(operation);
  return planOf(schema, document, getOperationAST(document)!);
}
