import {
  FunctionNode,
  RawNode,
  ReferenceNode,
  SelectQueryNode,
  TableNode,
  type JoinNode,
  type OperationNode,
} from 'kysely';
import type { Tag } from '../../cache/index.ts';
import { conditionsOf, conjuncts, noConditions, type Conditions } from './conditions.ts';
import {
  checkFunction,
  checkRaw,
  checkRawSource,
  checkSteady,
  declaredReads,
  UndeclaredReadError,
} from './declared-reads.ts';
import { isOuter, ownerAmong, sourceOf, visibleAmong, type Source } from './sources.ts';
import { tagsOfTable } from './table-tags.ts';
import type { TrackedTables } from './tracked-tables.ts';

/**
 * What a query depends on, from its syntax tree alone: every table it touches, as narrowly as its conditions allow.
 * Fails with UndeclaredReadError where that cannot be told.
 */
export function readsOf(query: OperationNode, tracked: TrackedTables): Set<Tag> {
  const reads = new Reads(tracked);
  reads.visit(query, new Map());
  return reads.tags;
}

/** Columns whose values are known where a piece of a query stands. */
type Known = Conditions['values'];

class Reads {
  readonly tags = new Set<Tag>();
  readonly #tracked: TrackedTables;
  /** Names of common table expressions seen so far; their bodies are visited like any other query. */
  readonly #expressions = new Set<string>();

  constructor(tracked: TrackedTables) {
    this.#tracked = tracked;
  }

  visit(node: OperationNode, known: Known): void {
    if (SelectQueryNode.is(node)) return this.#visitSelect(node, known);
    if (FunctionNode.is(node)) checkFunction(node.func, this.#tracked);
    if (RawNode.is(node)) this.#visitRaw(node);
    if (TableNode.is(node)) this.#addTable(node.table.identifier.name, noConditions);
    this.#visitChildren(node, known);
  }

  #visitSelect(select: SelectQueryNode, around: Known): void {
    for (const { name } of select.with?.expressions ?? []) this.#addExpression(name.table.table.identifier.name);
    const joins = (select.joins ?? []).map((join) => ({ join, source: this.#sourceOf(join.table) }));
    const sources = [
      ...(select.from?.froms ?? []).map((item) => this.#sourceOf(item)),
      ...joins.map((one) => one.source),
    ];
    const { certain, optional } = conditionsOfSources(select, { sources, joins, known: visibleAmong(sources, around) });
    for (const source of sources) {
      const conditions = optional.get(source) ?? certain;
      if (source.table !== null) this.#addTable(source.table, conditions, source.alias);
      if (RawNode.is(source.node)) checkRawSource(source.node, this.#tracked);
    }

    // What stands in FROM sees what is around the query; only after LATERAL does it see its neighbours too.
    const laterals = new Set(
      joins.filter(({ join }) => join.joinType.startsWith('Lateral')).map(({ source }) => source),
    );
    for (const source of sources) {
      if (!TableNode.is(source.node)) this.visit(source.node, laterals.has(source) ? certain.values : around);
    }
    for (const { join } of joins) if (join.on) this.visit(join.on, certain.values);
    const { from: _from, joins: _joins, with: expressions, setOperations, ...rest } = select;
    this.#visitChildren({ expressions, setOperations }, around);
    this.#visitChildren(rest, certain.values);
  }

  #addExpression(name: string): void {
    // Inside its own body such a name still means the table: told apart nowhere else, so not allowed at all.
    if (this.#tracked.tables.has(name))
      throw new UndeclaredReadError(
        `The common table expression "${name}" is named like a table.`,
        'Give it another name.',
      );
    this.#expressions.add(name);
  }

  #sourceOf(item: OperationNode): Source {
    return sourceOf(item, (name) => this.#expressions.has(name));
  }

  /** Without an alias nothing is known about the rows. */
  #addTable(name: string, conditions: Conditions, alias?: string): void {
    if (this.#expressions.has(name)) return;
    const table = this.#tracked.tables.get(name);
    if (!table)
      throw new UndeclaredReadError(
        `The table "${name}" is not tracked: no cached answer can be made from it.`,
        `Have a migration call track_changes('${name}', '<type>').`,
      );
    for (const tag of tagsOfTable(alias ?? name, table, alias === undefined ? noConditions : conditions)) {
      this.tags.add(tag);
    }
  }

  #visitRaw(node: RawNode): void {
    checkSteady(node);
    const declared = declaredReads(node);
    if (!declared) checkRaw(node, this.#tracked);
    for (const table of declared ?? []) this.#addTable(table, noConditions);
  }

  #visitChildren(node: object, known: Known): void {
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) {
        if (isNode(child) && !ReferenceNode.is(child)) this.visit(child, known);
      }
    }
  }
}

interface Surroundings {
  readonly sources: readonly Source[];
  readonly joins: readonly { readonly join: JoinNode; readonly source: Source }[];
  readonly known: Known;
}

/** What must hold for every row of the query, and what must hold besides on the optional side of each outer join. */
function conditionsOfSources({ where }: SelectQueryNode, { sources, joins, known }: Surroundings) {
  const optional = new Map<Source, Conditions>();
  const outer = joins.filter(({ join }) => isOuter(join));
  // With RIGHT and FULL joins any side may be the optional one: then nothing is concluded.
  if (outer.some(({ join: { joinType } }) => joinType === 'RightJoin' || joinType === 'FullJoin')) {
    return { certain: { ...noConditions, values: known }, optional };
  }
  const owner = ownerAmong(sources);
  const optionalAliases = new Set(outer.map(({ source }) => source.alias));
  const inner = joins.filter(({ join }) => !isOuter(join));
  const certain = conditionsOf(
    [where?.where, ...inner.map(({ join }) => join.on?.on)].flatMap((condition) => conjuncts(condition)),
    // A condition on the optional side of an outer join does not tell which of its rows matter: IS NULL finds none.
    (reference) => {
      const alias = owner(reference);
      return optionalAliases.has(alias) ? undefined : alias;
    },
    known,
  );
  for (const { join, source } of outer) {
    optional.set(source, conditionsOf(conjuncts(join.on?.on), owner, certain.values));
  }
  return { certain, optional };
}

function isNode(value: unknown): value is OperationNode {
  return typeof value === 'object' && value !== null && typeof (value as { kind?: unknown }).kind === 'string';
}
