import type { Expression, OperationNode, RawBuilder, RawNode } from 'kysely';
import type { TableName } from '../tables.ts';

/** A raw fragment with the tables it reads written beside it. */
interface DeclaringNode extends RawNode {
  readonly reads?: readonly string[];
}

/**
 * Says which tables a piece of raw SQL reads: a subquery in its text, or a function that queries. Without it such SQL
 * is refused in anything that may be cached, because nobody could say when its answer has changed.
 */
export function reading<Value>(tables: readonly TableName[], fragment: RawBuilder<Value>): Expression<Value> {
  return {
    get expressionType() {
      return fragment.expressionType;
    },
    toOperationNode(): OperationNode {
      return { ...fragment.toOperationNode(), reads: tables } as DeclaringNode;
    },
  };
}

/** The tables a raw fragment declares; undefined where it declares nothing. */
export function declaredReads(node: RawNode): readonly string[] | undefined {
  return (node as DeclaringNode).reads;
}
