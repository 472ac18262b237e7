import {
  AndNode,
  BinaryOperationNode,
  ColumnNode,
  FunctionNode,
  OperatorNode,
  OrNode,
  ParensNode,
  PrimitiveValueListNode,
  ReferenceNode,
  ValueListNode,
  ValueNode,
  type OperationNode,
} from 'kysely';

/** A column of one table of the query, by its alias. */
export type ColumnKey = `${string}.${string}`;

/** The alias of the table that a reference belongs to; undefined where that is not certain. */
export type Owner = (reference: ReferenceNode) => string | undefined;

/** What the conditions that must all hold say about columns. */
export interface Conditions {
  /** Columns that must have one of these values. */
  readonly values: ReadonlyMap<ColumnKey, readonly unknown[]>;
  /** Bounds of columns that must lie in a range; either may be missing. */
  readonly ranges: ReadonlyMap<ColumnKey, { from?: unknown; to?: unknown }>;
  /** For each OR what its branches say: one of them must hold. */
  readonly alternatives: readonly (readonly Conditions[])[];
}

export const noConditions: Conditions = { values: new Map(), ranges: new Map(), alternatives: [] };

/** Operands joined by AND, however they are nested. Anything else (OR, NOT, raw text) is one operand by itself. */
export function conjuncts(node: OperationNode | undefined): OperationNode[] {
  if (!node) return [];
  if (AndNode.is(node)) return [...conjuncts(node.left), ...conjuncts(node.right)];
  if (ParensNode.is(node)) return conjuncts(node.node);
  return [node];
}

function disjuncts(node: OperationNode): OperationNode[] {
  if (OrNode.is(node)) return [...disjuncts(node.left), ...disjuncts(node.right)];
  if (ParensNode.is(node)) return disjuncts(node.node);
  return [node];
}

/** Reads equalities, IN lists, ranges and ORs from conditions that must all hold; equal columns share what is known. */
export function conditionsOf(
  operands: readonly OperationNode[],
  owner: Owner,
  known: Conditions['values'] = new Map(),
): Conditions {
  const values = new Map<ColumnKey, readonly unknown[]>(known);
  const ranges = new Map<ColumnKey, { from?: unknown; to?: unknown }>();
  const equal: [ColumnKey, ColumnKey][] = [];

  for (const node of operands) {
    if (!BinaryOperationNode.is(node) || !OperatorNode.is(node.operator)) continue;
    const { operator } = node.operator;
    const left = columnOf(node.leftOperand, owner);
    const right = columnOf(node.rightOperand, owner);
    if (operator === '=' && left && right) equal.push([left, right]);
    if (!left) continue;
    const found = operator === '=' || operator === 'in' ? constants(node.rightOperand) : undefined;
    if (found) narrow(values, left, found);
    if (!ValueNode.is(node.rightOperand)) continue;
    const bound = node.rightOperand.value;
    if (operator === '>=' || operator === '>') ranges.set(left, { ...ranges.get(left), from: bound });
    if (operator === '<=' || operator === '<') ranges.set(left, { ...ranges.get(left), to: bound });
  }

  // Each round carries values one equality further; there are at most as many rounds as equalities.
  for (let round = 0; round < equal.length; round += 1) {
    for (const [left, right] of equal) {
      const [ofLeft, ofRight] = [values.get(left), values.get(right)];
      if (ofLeft && !ofRight) values.set(right, ofLeft);
      if (ofRight && !ofLeft) values.set(left, ofRight);
    }
  }
  const alternatives = operands
    .filter((node) => OrNode.is(node))
    .map((node) => disjuncts(node).map((branch) => conditionsOf(conjuncts(branch), owner, values)));
  return { values, ranges, alternatives };
}

/** Two conditions on one column must both hold: the shorter list is enough to depend on. */
function narrow(values: Map<ColumnKey, readonly unknown[]>, column: ColumnKey, found: readonly unknown[]): void {
  const before = values.get(column);
  if (!before || found.length < before.length) values.set(column, found);
}

function columnOf(node: OperationNode, owner: Owner): ColumnKey | undefined {
  if (!ReferenceNode.is(node) || !ColumnNode.is(node.column)) return undefined;
  const alias = owner(node);
  return alias === undefined ? undefined : `${alias}.${node.column.column.name}`;
}

/** Constant operands, `any(list)` included; undefined where one of them is computed. */
function constants(node: OperationNode): readonly unknown[] | undefined {
  if (FunctionNode.is(node) && node.func === 'any') {
    const [list, ...others] = node.arguments;
    return list && ValueNode.is(list) && Array.isArray(list.value) && others.length === 0 ? list.value : undefined;
  }
  if (ValueNode.is(node)) return [node.value];
  if (PrimitiveValueListNode.is(node)) return node.values;
  if (ValueListNode.is(node)) {
    return node.values.every((value) => ValueNode.is(value)) ? node.values.map(({ value }) => value) : undefined;
  }
  return undefined;
}
