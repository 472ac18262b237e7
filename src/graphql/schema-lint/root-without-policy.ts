import { fieldsBelowQuery } from './fields-below-query.ts';
import type { Rule } from './finding.ts';

/** A root field is not kept unless it says for how long; whoever means that writes it. */
export const rootWithoutPolicy: Rule = ({ schema }) =>
  fieldsBelowQuery(schema)
    .filter(
      ({ parent, said }) => parent === schema.getQueryType() && said.policy.maxAge === undefined && !said.isDynamic,
    )
    .map(({ said: { coordinate } }) => ({
      rule: 'root-without-policy',
      coordinate,
      message:
        'It has no policy, so no answer that holds it is kept. Say for how long: cacheControl: { maxAge: 300 }; or that it never is: { maxAge: 0 }.',
    }));
