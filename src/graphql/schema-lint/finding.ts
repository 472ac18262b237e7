import type { GraphQLSchema } from 'graphql';

export type RuleName =
  | 'root-without-policy'
  | 'untracked-type'
  | 'guarded-under-public'
  | 'private-under-public'
  | 'no-identity'
  | 'never-applies';

/** Something about the cache policy in a schema that cannot be meant. */
export interface Finding {
  readonly rule: RuleName;
  /** `Query.dashboard`, `Dashboard`. */
  readonly coordinate: string;
  /** What is wrong, and what to write instead. */
  readonly message: string;
}

/** A change log that caches are checked against. */
export interface ChangeLogged {
  /** The types whose tables log their changes, by their names in tags: `ticket`, `leave_request`. */
  readonly types: ReadonlySet<string>;
}

export interface LintInput {
  readonly schema: GraphQLSchema;
  readonly changeLog: ChangeLogged;
}

export type Rule = (input: LintInput) => Finding[];
