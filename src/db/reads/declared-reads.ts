import { RawNode, SelectQueryNode, TableNode, type Expression, type OperationNode, type RawBuilder } from 'kysely';
import type { TableName } from '../tables.ts';
import type { TrackedTables } from './tracked-tables.ts';

const declareIt = 'Wrap it in reading([tables], sql`…`), so that its answer is known to change when they do.';
const askTheClock =
  'Compare with what context.clock tells: it knows how long that holds. Pass in what is left to chance.';

/** A query whose reads cannot be told: it must not be cached, and its author must do something about it. */
export class UndeclaredReadError extends Error {
  constructor(message: string, remedy = declareIt) {
    super(`${message} ${remedy}`);
    this.name = 'UndeclaredReadError';
  }
}

/** A raw fragment with the tables it reads written beside it. */
interface DeclaringNode extends RawNode {
  readonly reads?: readonly string[];
}

/**
 * Says which tables a piece of raw SQL reads: a subquery in its text, or a function that queries. Without it such SQL
 * is refused in anything that may be cached, because nobody could say when its answer has changed. What is built with
 * Kysely inside it is seen without being named here.
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

/** Kysely's own helpers for JSON are raw SQL around a query that is seen by itself. */
const jsonHelpers = ["(select coalesce(json_agg(agg), '[]') from ", '(select to_json(obj) from '];
/** What another moment, another session or another call answers otherwise, though no table has changed. */
const unsteady =
  /\b(?:now|age|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|random|gen_random_uuid|nextval|currval|current_setting)\s*\(|\bcurrent_(?:date|time|timestamp|user|role)\b|\blocaltime(?:stamp)?\b|'(?:now|today|tomorrow|yesterday)'/i;

/** Raw SQL that is no table wherever it stands: a call, or a list of values. */
const notTable = /^\s*(?:\w+\s*\(|\(\s*values\b)/i;

/** Fails where raw SQL reads tables, or may, without saying which. */
export function checkRaw({ sqlFragments }: RawNode, { functions }: TrackedTables): void {
  const isHelper = sqlFragments.length === 2 && jsonHelpers.includes(sqlFragments[0] ?? '');
  const text = sqlFragments.join(' ');
  const words = text.match(/\w+/g) ?? [];
  const excerpt = `"${text.slice(0, 120)}"`;
  if (!isHelper && words.some((word) => /^(select|table)$/i.test(word))) {
    throw new UndeclaredReadError(`This raw SQL reads tables without saying which: ${excerpt}.`);
  }
  const called = words.find((word) => functions.has(word.toLowerCase()));
  if (called) throw new UndeclaredReadError(`This raw SQL calls ${called}, which may read tables: ${excerpt}.`);
}

/** Fails where raw SQL is made from the time, or left to chance: no tables that it declares can make up for that. */
export function checkSteady({ sqlFragments }: RawNode): void {
  const text = sqlFragments.join(' ');
  if (!unsteady.test(text)) return;
  throw new UndeclaredReadError(`This raw SQL answers otherwise each time: "${text.slice(0, 120)}".`, askTheClock);
}

/** Fails where raw SQL stands for a table in FROM, or may, without saying which. */
export function checkRawSource(node: RawNode, tracked: TrackedTables): void {
  if (declaredReads(node)) return;
  const { sqlFragments, parameters } = node;
  const text = sqlFragments.join(' ');
  const named = text.match(/\w+/g)?.some((word) => tracked.tables.has(word));
  // What stands there by itself, with nothing but brackets around it, is looked at by itself.
  const isSeen = /^[\s()]*$/.test(text) && parameters.every((one) => isSeenInFrom(one, tracked));
  if (!isSeen && (named || !notTable.test(text))) {
    throw new UndeclaredReadError(`This raw SQL in FROM may be a table: "${text.slice(0, 120)}".`);
  }
}

function isSeenInFrom(node: OperationNode, tracked: TrackedTables): boolean {
  if (RawNode.is(node)) checkRawSource(node, tracked);
  return RawNode.is(node) || SelectQueryNode.is(node) || TableNode.is(node);
}

export function checkFunction(name: string, { functions }: TrackedTables): void {
  if (functions.has(name.toLowerCase())) throw new UndeclaredReadError(`The function ${name} may read tables.`);
  if (!unsteady.test(`${name}(`)) return;
  throw new UndeclaredReadError(`The function ${name} answers otherwise each time.`, askTheClock);
}
