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
  type CommonTableExpressionNode,
  type DeleteQueryNode,
  type InsertQueryNode,
  type JoinNode,
  type KyselyPlugin,
  type OperationNode,
  type QueryId,
  type RawNode,
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
  /** The common table expressions that a FROM at this place may name: their bodies are held, so the names need not be. */
  #visible: ReadonlySet<string> = new Set();

  constructor(tenantId: TenantId) {
    super();
    this.#tenantId = tenantId;
  }

  /**
   * An expression sees those before it, and itself only with RECURSIVE: in `with people as (select … from people)` the
   * inner `people` is the table. What comes after the WITH sees all of them.
   */
  protected override transformWith(node: WithNode, queryId?: QueryId): WithNode {
    if (node.recursive) this.#see(node.expressions);
    const expressions = node.expressions.map((expression) => {
      const held = this.transformNode(expression, queryId);
      this.#see([expression]);
      return held;
    });
    return { ...node, expressions };
  }

  protected override transformSelectQuery(node: SelectQueryNode, queryId?: QueryId): SelectQueryNode {
    return this.#inScope(node, queryId, (query) => {
      const held = super.transformSelectQuery(query, queryId);
      return this.#hold(held, held.from?.froms ?? []);
    });
  }

  protected override transformUpdateQuery(node: UpdateQueryNode, queryId?: QueryId): UpdateQueryNode {
    return this.#inScope(node, queryId, (query) => {
      const held = super.transformUpdateQuery(query, queryId);
      return this.#hold(held, [...(held.table ? [held.table] : []), ...(held.from?.froms ?? [])]);
    });
  }

  protected override transformDeleteQuery(node: DeleteQueryNode, queryId?: QueryId): DeleteQueryNode {
    return this.#inScope(node, queryId, (query) => {
      const held = super.transformDeleteQuery(query, queryId);
      return this.#hold(held, [...held.from.froms, ...(held.using?.tables ?? [])]);
    });
  }

  protected override transformInsertQuery(node: InsertQueryNode, queryId?: QueryId): InsertQueryNode {
    return this.#inScope(node, queryId, (query) => super.transformInsertQuery(query, queryId));
  }

  protected override transformMergeQuery(): never {
    throw new Error('MERGE is not held to a tenant. Use INSERT … ON CONFLICT, UPDATE or DELETE.');
  }

  /** What is noted beside raw SQL stays: a query inside another one passes here before its reads are told. */
  protected override transformRaw(node: RawNode, queryId?: QueryId): RawNode {
    return { ...node, ...super.transformRaw(node, queryId) };
  }

  protected override transformJoin(node: JoinNode, queryId?: QueryId): JoinNode {
    const held = super.transformJoin(node, queryId);
    const condition = this.#condition(held.table);
    if (!condition) return held;
    const joinType = held.joinType === 'CrossJoin' ? 'InnerJoin' : held.joinType; // a cross join takes no condition
    return {
      ...held,
      joinType,
      on: held.on ? OnNode.create(AndNode.create(held.on.on, condition)) : OnNode.create(condition),
    };
  }

  /** Transforms WITH before the rest of its query, and forgets its names after. */
  #inScope<Query extends { with?: WithNode }>(
    { with: expressions, ...node }: Query,
    queryId: QueryId | undefined,
    transform: (query: Query) => Query,
  ): Query {
    const outside = this.#visible;
    const held = expressions && this.transformNode(expressions, queryId);
    const query = transform(node as Query);
    this.#visible = outside;
    return held ? { ...query, with: held } : query;
  }

  #see(expressions: readonly CommonTableExpressionNode[]): void {
    const names = expressions.map(({ name }) => name.table.table.identifier.name);
    this.#visible = new Set([...this.#visible, ...names]);
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
    if (!target.table.schema && this.#visible.has(name)) return null;
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
