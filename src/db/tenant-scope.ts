import {
  AliasNode,
  AndNode,
  BinaryOperationNode,
  ColumnNode,
  IdentifierNode,
  OnNode,
  OperationNodeTransformer,
  OperatorNode,
  ReferenceNode,
  TableNode,
  ValueNode,
  WhereNode,
  type DeleteQueryNode,
  type JoinNode,
  type KyselyPlugin,
  type OperationNode,
  type QueryId,
  type SelectQueryNode,
  type UpdateQueryNode,
  type WithNode,
} from 'kysely';
import type { TenantId } from '../ids.ts';

/** The column that says whose row it is, where that is not `tenant_id`; null: shared by all tenants. */
const tenantColumns: Readonly<Record<string, string | null>> = { tenants: 'id', permissions: null };

/**
 * Holds every query to one tenant: each table in FROM, JOIN, UPDATE and DELETE gets `tenant_id = <tenant>`.
 * No author has to remember it; row-level security says the same once more, below the application.
 * Raw SQL is not rewritten: there row-level security stands alone.
 */
export function tenantScope(tenantId: TenantId): KyselyPlugin {
  return {
    transformQuery: ({ node, queryId }) => new TenantScope(tenantId).transformNode(node, queryId),
    transformResult: async ({ result }) => result,
  };
}

class TenantScope extends OperationNodeTransformer {
  readonly #tenantId: TenantId;
  /** Names of common table expressions: their bodies are held, so the names need not be. */
  readonly #expressions = new Set<string>();

  constructor(tenantId: TenantId) {
    super();
    this.#tenantId = tenantId;
  }

  protected override transformWith(node: WithNode, queryId?: QueryId): WithNode {
    for (const { name } of node.expressions) this.#expressions.add(name.table.table.identifier.name);
    return super.transformWith(node, queryId);
  }

  protected override transformSelectQuery(node: SelectQueryNode, queryId?: QueryId): SelectQueryNode {
    const held = this.#withExpressions(node, () => super.transformSelectQuery(node, queryId));
    return this.#hold(held, held.from?.froms ?? []);
  }

  protected override transformUpdateQuery(node: UpdateQueryNode, queryId?: QueryId): UpdateQueryNode {
    const held = this.#withExpressions(node, () => super.transformUpdateQuery(node, queryId));
    return this.#hold(held, [...(held.table ? [held.table] : []), ...(held.from?.froms ?? [])]);
  }

  protected override transformDeleteQuery(node: DeleteQueryNode, queryId?: QueryId): DeleteQueryNode {
    const held = this.#withExpressions(node, () => super.transformDeleteQuery(node, queryId));
    return this.#hold(held, [...held.from.froms, ...(held.using?.tables ?? [])]);
  }

  protected override transformJoin(node: JoinNode, queryId?: QueryId): JoinNode {
    const held = super.transformJoin(node, queryId);
    const condition = this.#condition(held.table);
    if (!condition) return held;
    return { ...held, on: held.on ? OnNode.create(AndNode.create(held.on.on, condition)) : OnNode.create(condition) };
  }

  /** WITH must be seen before FROM, whatever order the transformer visits them in. */
  #withExpressions<Query extends { with?: WithNode }>(node: Query, transform: () => Query): Query {
    for (const { name } of node.with?.expressions ?? []) this.#expressions.add(name.table.table.identifier.name);
    return transform();
  }

  #hold<Query extends { where?: WhereNode }>(query: Query, tables: readonly OperationNode[]): Query {
    const conditions = tables.map((table) => this.#condition(table)).filter((condition) => condition !== null);
    return conditions.reduce(
      (held, condition) => ({
        ...held,
        where: held.where ? WhereNode.cloneWithOperation(held.where, 'And', condition) : WhereNode.create(condition),
      }),
      query,
    );
  }

  #condition(table: OperationNode): OperationNode | null {
    const target = AliasNode.is(table) ? table.node : table;
    if (!TableNode.is(target)) return null;
    const name = target.table.identifier.name;
    if (this.#expressions.has(name)) return null;
    const column = name in tenantColumns ? tenantColumns[name] : 'tenant_id';
    if (!column) return null;
    const alias = AliasNode.is(table) && IdentifierNode.is(table.alias) ? table.alias.name : name;
    return BinaryOperationNode.create(
      ReferenceNode.create(ColumnNode.create(column), TableNode.create(alias)),
      OperatorNode.create('='),
      ValueNode.create(this.#tenantId),
    );
  }
}
