import { AliasNode, IdentifierNode, TableNode, type JoinNode, type OperationNode, type ReferenceNode } from 'kysely';
import type { Conditions, Owner } from './conditions.ts';

/** One item of FROM or JOIN. */
export interface Source {
  /** Absent where it cannot be told: an alias written in raw SQL. */
  readonly alias: string | undefined;
  /** null for what is not a table: a subquery, a function, a common table expression. */
  readonly table: string | null;
  readonly node: OperationNode;
}

export function sourceOf(item: OperationNode, isExpression: (name: string) => boolean): Source {
  const node = AliasNode.is(item) ? item.node : item;
  const name = TableNode.is(node) ? node.table.identifier.name : null;
  const table = name !== null && isExpression(name) ? null : name;
  if (!AliasNode.is(item)) return { alias: name ?? undefined, table, node };
  return { alias: IdentifierNode.is(item.alias) ? item.alias.name : undefined, table, node };
}

/** Joins that keep a row even where the other side has none to match it. */
export function isOuter({ joinType }: JoinNode): boolean {
  const inner = ['InnerJoin', 'CrossJoin', 'LateralInnerJoin', 'LateralCrossJoin'];
  return !inner.includes(joinType);
}

/** Who owns a reference. Without a qualifier that is certain only where there is one source, and it is known. */
export function ownerAmong(sources: readonly Source[]): Owner {
  return (reference: ReferenceNode) => {
    const name = reference.table?.table.identifier.name;
    return name ?? (sources.length === 1 ? sources[0]?.alias : undefined);
  };
}

/** What is known of the tables around a subquery, but for those whose alias it uses anew, or may. */
export function visibleAmong(sources: readonly Source[], values: Conditions['values']): Conditions['values'] {
  const aliases = new Set(sources.map(({ alias }) => alias));
  if (aliases.has(undefined)) return new Map();
  return new Map([...values].filter(([key]) => !aliases.has(key.slice(0, key.indexOf('.')))));
}
