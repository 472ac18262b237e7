import {
  getOperationAST,
  getVariableValues,
  type ExecutionArgs,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { createKey, type KeyPart } from '../cache/index.ts';
import { planOf, type CachePlan } from '../graphql/cache-plan.ts';
import { canonicalText, documentHash } from '../graphql/canonical.ts';
import type { LearnedScopes } from '../graphql/learned-scope.ts';
import { aspectValue, type Aspect, type Asker } from '../graphql/observed-viewer.ts';
import type { Viewer } from '../graphql/viewer.ts';

/** One operation with its variables, as far as it decides how it is answered from the cache. */
export interface Question {
  /** As the log has it. */
  readonly name: string;
  readonly plan: CachePlan;
  /** Names the operation, whatever its variables. */
  readonly operationKey: string;
  /** Operation and variables, as they go into keys. */
  readonly keyParts: readonly KeyPart[];
}

/** What a question is kept under, for one who asks it. */
export interface QuestionKey {
  readonly key: string;
  /** What of the viewer the key depends on. */
  readonly scope: readonly Aspect[];
}

/** `notKept`: why no answer to it is kept, or that it cannot be executed at all. */
export type AskedQuestion = { readonly notKept: null; readonly question: Question } | { readonly notKept: string };

export const cannotBeExecuted = 'it has errors';

export interface QuestionsOptions {
  schema: GraphQLSchema;
  /** Names the schema in keys. */
  schemaHash: string;
  /** Names the code that makes answers. @default schemaHash */
  codeHash?: string;
}

/** Reads questions from what is to be executed; what is known of a document is remembered for as long as it is. */
export function createQuestions({ schema, schemaHash, codeHash = schemaHash }: QuestionsOptions) {
  const plans = new WeakMap<OperationDefinitionNode, CachePlan>();

  return ({ document, operationName, variableValues }: ExecutionArgs): AskedQuestion => {
    const operation = getOperationAST(document, operationName);
    if (!operation) return { notKept: cannotBeExecuted };
    const plan = plans.get(operation) ?? planOf(schema, document, operation);
    plans.set(operation, plan);
    const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {});
    if (!coerced) return { notKept: cannotBeExecuted };
    if (!plan.canBeKept)
      return { notKept: plan.decidedBy ? `${plan.decidedBy} is not kept` : 'not a query that is kept' };
    const named = operation.name?.value ?? null;
    const identity = [schemaHash, codeHash, documentHash(document), named] as const;
    return {
      notKept: null,
      question: {
        name: named?.slice(0, 64) ?? 'anonymous',
        plan,
        operationKey: identity.join('\n'),
        keyParts: [...identity, canonicalText(coerced)],
      },
    };
  };
}

/** Makes the keys of questions; what is learned of an operation meanwhile makes its keys other ones. */
export function createQuestionKeys(scopes: LearnedScopes) {
  const known = new WeakMap<Question, WeakMap<Viewer, QuestionKey & { version: number; keySecret: string }>>();

  const make = ({ operationKey, plan, keyParts }: Question, asker: Asker, keySecret: string): QuestionKey => {
    const scope = withDeclared(scopes.of(operationKey, asker), plan);
    const key = createKey(keySecret, [
      'response',
      ...keyParts,
      asker.viewer.tenantId,
      ...scope.flatMap((aspect) => [aspect, aspectValue(asker, aspect)]),
    ]);
    return { key, scope };
  };

  return (question: Question, asker: Asker, keySecret: string): QuestionKey => {
    const byViewer = known.get(question) ?? new WeakMap();
    known.set(question, byViewer);
    const made = byViewer.get(asker.viewer);
    if (made?.version === scopes.version && made.keySecret === keySecret) return made;
    const fresh = make(question, asker, keySecret);
    // The language is of the request, not of the viewer.
    if (!fresh.scope.includes('locale')) byViewer.set(asker.viewer, { ...fresh, version: scopes.version, keySecret });
    return fresh;
  };
}

function withDeclared(learned: readonly Aspect[], { isPrivate }: CachePlan): readonly Aspect[] {
  return isPrivate && !learned.includes('person') ? [...learned, 'person'] : learned;
}
