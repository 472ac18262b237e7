import {
  AliasNode,
  IdentifierNode,
  RawNode,
  ReferenceNode,
  SelectQueryNode,
  TableNode,
  type JoinNode,
  type OperationNode,
} from 'kysely';
import type { Tag } from '../../cache/index.ts';
import { conditionsOf, conjuncts, type Conditions } from './conditions.ts';
import { declaredReads } from './declared-reads.ts';
import { tagsOfTable } from './table-tags.ts';
import type { TrackedTables } from './tracked-tables.ts';

/** A query whose reads cannot be told: it must not be cached, and its author must say what it reads. */
export class UndeclaredReadError extends Error {
  constructor(message: string) {
    super(`${message} Wrap it in reading([tables], sql\`…\`), so that its answer is known to change when they do.`);
    this.name = 'UndeclaredReadError';
  }
}

/** What a query depends on, from its syntax tree alone: every table it touches, as narrowly as its conditions allow. */
export function readsOf(query: OperationNode, tables: TrackedTables): Set<Tag> {
  const reads = new Reads(tables);
  reads.visit(query, { values: new Map() });
  return reads.tags;
}

/** What surrounds a piece of a query: the columns whose values are known where it stands. */
interface Scope {
  readonly values: Conditions['values'];
}

class Reads {
  readonly tags = new Set<Tag>();
  readonly #tables: TrackedTables;
  /** Names of common table expressions seen so far; their bodies are visited like any other query. */
  readonly #expressions = new Set<string>();

  constructor(tables: TrackedTables) {
    this.#tables = tables;
  }

  visit(node: OperationNode, scope: Scope): void {
    if (SelectQueryNode.is(node)) return this.#visitSelect(node, scope);
    if (RawNode.is(node)) this.#visitRaw(node);
    if (TableNode.is(node)) this.#addTable(node.table.identifier.name, null, null);
    this.#visitChildren(node, scope);
  }

  #visitSelect(select: SelectQueryNode, outer: Scope): void {
    for (const { name } of select.with?.expressions ?? []) this.#addExpression(name.table.table.identifier.name);
    const sources = [...(select.from?.froms ?? []), ...(select.joins ?? []).map(({ table }) => table)];
    const aliases = new Map<string, string | null>(sources.flatMap((source) => this.#aliasOf(source)));
    const owner = (reference: ReferenceNode) => resolve(reference, aliases);

    const outerJoins = (select.joins ?? []).filter(isOuter);
    const nullable = new Set(outerJoins.flatMap(({ table }) => this.#aliasOf(table).map(([alias]) => alias)));
    const required = [
      ...conjuncts(select.where?.where),
      ...(select.joins ?? []).filter((join) => !isOuter(join)).flatMap((join) => conjuncts(join.on?.on)),
    ];
    // A condition in WHERE on the optional side of an outer join does not tell which of its rows matter.
    const widened = (select.joins ?? []).some(({ joinType }) => joinType === 'RightJoin' || joinType === 'FullJoin');
    const certain = conditionsOf(
      widened ? [] : required,
      (reference) => {
        const alias = owner(reference);
        return alias !== undefined && nullable.has(alias) ? undefined : alias;
      },
      visible(outer.values, aliases),
    );
    const scope: Scope = { values: certain.values };

    for (const [alias, table] of aliases) {
      if (table === null || nullable.has(alias)) continue;
      this.#addTable(table, alias, certain);
    }
    for (const join of outerJoins) {
      const on = widened ? certain : conditionsOf([...conjuncts(join.on?.on)], owner, certain.values);
      for (const [alias, table] of this.#aliasOf(join.table)) if (table !== null) this.#addTable(table, alias, on);
    }

    // Subqueries wherever they stand. Tables of FROM and JOIN are done; their subqueries are not.
    for (const source of sources) if (!TableNode.is(unaliased(source))) this.visit(unaliased(source), scope);
    for (const join of select.joins ?? []) if (join.on) this.visit(join.on, scope);
    const { from: _from, joins: _joins, ...rest } = select;
    this.#visitChildren(rest, scope);
  }

  #addExpression(name: string): void {
    // Inside its own body such a name still means the table: told apart nowhere else, so not allowed at all.
    if (this.#tables.has(name))
      throw new UndeclaredReadError(`The common table expression "${name}" is named like a table.`);
    this.#expressions.add(name);
  }

  /** The alias and table of a FROM item; null for what is not a table. */
  #aliasOf(source: OperationNode): [string, string | null][] {
    const target = unaliased(source);
    const table = TableNode.is(target) ? target.table.identifier.name : null;
    const alias = AliasNode.is(source) && IdentifierNode.is(source.alias) ? source.alias.name : table;
    return alias === null ? [] : [[alias, table !== null && this.#expressions.has(table) ? null : table]];
  }

  #addTable(name: string, alias: string | null, conditions: Conditions | null): void {
    if (this.#expressions.has(name)) return;
    const tracked = this.#tables.get(name);
    if (!tracked)
      throw new UndeclaredReadError(`The table "${name}" is not tracked, so an answer made from it cannot be cached.`);
    const none: Conditions = { values: new Map(), ranges: new Map() };
    for (const tag of tagsOfTable(alias ?? name, tracked, conditions ?? none)) this.tags.add(tag);
  }

  #visitRaw(node: RawNode): void {
    const declared = declaredReads(node);
    if (declared) {
      for (const table of declared) this.#addTable(table, null, null);
      return;
    }
    // A table's name after FROM or JOIN, in the text itself; where a parameter follows, the tree goes on below it.
    const names = node.sqlFragments.find((text) => /\b(from|join|table)\s+(?!lateral\b|only\b)["a-z_]/i.test(text));
    const text = node.sqlFragments.join(' ');
    if ((names !== undefined && /\bselect\b/i.test(text)) || /\bin \(select \w+\(/i.test(text)) {
      throw new UndeclaredReadError(`This raw SQL reads tables without saying which: "${text.slice(0, 120)}".`);
    }
  }

  #visitChildren(node: object, scope: Scope): void {
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) {
        if (isNode(child) && !ReferenceNode.is(child)) this.visit(child, scope);
      }
    }
  }
}

/** What is known of the tables around a subquery, but for those whose alias it uses anew. */
function visible(values: Conditions['values'], aliases: ReadonlyMap<string, unknown>): Conditions['values'] {
  return new Map([...values].filter(([key]) => !aliases.has(key.slice(0, key.indexOf('.')))));
}

function unaliased(source: OperationNode): OperationNode {
  return AliasNode.is(source) ? source.node : source;
}

function isOuter({ joinType }: JoinNode): boolean {
  return (
    joinType !== 'InnerJoin' &&
    joinType !== 'CrossJoin' &&
    joinType !== 'LateralInnerJoin' &&
    joinType !== 'LateralCrossJoin'
  );
}

/** The alias a reference belongs to. Unqualified, it is certain only where there is one table and nothing around it. */
function resolve(reference: ReferenceNode, aliases: ReadonlyMap<string, unknown>): string | undefined {
  const name = reference.table?.table.identifier.name;
  if (name === undefined) {
    const [only, ...others] = aliases.keys();
    return others.length === 0 ? only : undefined;
  }
  return name;
}

function isNode(value: unknown): value is OperationNode {
  return typeof value === 'object' && value !== null && typeof (value as { kind?: unknown }).kind === 'string';
}
