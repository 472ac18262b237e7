import type { CacheEntityRecord } from '@envelop/response-cache';
import type { ExecutionResult } from 'graphql';
import type { Tag } from '../coherence/change-log.ts';

/**
 * type: an answer is refused after any change of a type it shows. Right whatever the answer is.
 * entity: an answer without lists only after a change of an entity it shows. Right where single objects are asked for
 * by their id; wrong for one that was chosen otherwise (`latestTodo`), which a new one may replace.
 */
export type Precision = 'type' | 'entity';

export interface AnswerTagsOptions {
  precision: Precision;
  /** Names of the fields that identify an entity, as the plugin was told. */
  idFields: readonly string[];
}

/** Every change is a change of this as well: for answers that show something nobody can name. */
const anything: Tag = 'any';

/** `E:` one entity, `L:` whatever happens to any of a type, `A:` all of a type at once. */
export function changeTags(entities: Iterable<CacheEntityRecord>): Tag[] {
  const tags = new Set<Tag>();
  for (const { typename, id } of entities) {
    tags.add(`L:${typename}`).add(id === undefined ? `A:${typename}` : `E:${typename}:${id}`);
  }
  return tags.size === 0 ? [] : [...tags, anything];
}

/** What an answer depends on, by what it shows; wider where that does not tell. */
export function answerTags(
  data: ExecutionResult['data'],
  entities: Iterable<CacheEntityRecord>,
  { precision, idFields }: AnswerTagsOptions,
): Tag[] {
  const shown = [...entities];
  const ids = new Set(shown.flatMap(({ id }) => (id === undefined ? [] : [String(id)])));
  const isKnown = (object: object) =>
    idFields.some((name) => {
      const id = (object as Record<string, unknown>)[name];
      return (typeof id === 'string' || typeof id === 'number') && ids.has(String(id));
    });
  const { hasList, hasUnknown } = look(data, isKnown);
  if (hasUnknown || shown.length === 0) return [anything];
  const tags = new Set<Tag>();
  for (const { typename, id } of shown) {
    if (precision === 'type' || hasList || id === undefined) tags.add(`L:${typename}`);
    else tags.add(`E:${typename}:${id}`).add(`A:${typename}`);
  }
  return [...tags];
}

/**
 * Each value once, without recursion: a deep answer costs what its size costs. Unknown is what no entity stands for:
 * an object without an id (a dashboard), a bare value or nothing at the root (a count; not found), an empty list.
 */
function look(data: ExecutionResult['data'], isKnown: (object: object) => boolean) {
  let [hasList, hasUnknown] = [false, data == null];
  const rootValues = Object.entries(data ?? {}).flatMap(([name, value]) => (name === '__typename' ? [] : [value]));
  if (rootValues.some((value) => value === null || typeof value !== 'object')) hasUnknown = true;
  const left: unknown[] = rootValues;
  while (left.length > 0) {
    const value = left.pop();
    if (value === null || typeof value !== 'object') continue;
    if (Array.isArray(value)) {
      hasList = true;
      if (value.length === 0) hasUnknown = true;
      for (const item of value) left.push(item);
    } else {
      if (!isKnown(value)) hasUnknown = true;
      for (const item of Object.values(value)) left.push(item);
    }
  }
  return { hasList, hasUnknown };
}
