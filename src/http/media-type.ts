import { LRUCache } from 'lru-cache';

/** Of those that are equally welcome, the first. */
const wholes = ['application/json', 'application/graphql-response+json'] as const;
/** Only for whoever names them: few clients that take anything can read an answer in parts. */
const framings = ['multipart/mixed', 'text/event-stream'] as const;

/** Clients send few different headers, and send them each time. */
const remembered = new LRUCache<string, readonly string[]>({ max: 200 });

/** All that an answer can be sent as. */
export const knownTypes: readonly string[] = [...wholes, ...framings];

interface Range {
  /** Lower case: `text/event-stream`, `text/*`, or a star on both sides. */
  readonly name: string;
  /** From 0, not acceptable, to 1. */
  readonly weight: number;
}

/**
 * The media types a client takes an answer as, by its `Accept` (RFC 9110, 12.5.1): the preferred first, those it
 * refuses left out, which may be all. Only UTF-8 is sent; other parameters are passed over. No header means anything.
 */
export function answerTypes(accept: string | undefined): readonly string[] {
  const header = accept ?? '*/*';
  const known = remembered.get(header);
  if (known) return known;
  const types = typesOf(header);
  remembered.set(header, types);
  return types;
}

function typesOf(accept: string): readonly string[] {
  const ranges = rangesOf(accept.trim() ? accept : '*/*');
  return knownTypes
    .map((type) => ({ type, range: closest(ranges, type) }))
    .flatMap(({ type, range }) => (range && range.weight > 0 ? [{ type, range }] : []))
    .toSorted((a, b) => b.range.weight - a.range.weight || ranges.indexOf(a.range) - ranges.indexOf(b.range))
    .map(({ type }) => type);
}

/** Whether what is sent whole is a GraphQL response by its media type, for whose status codes other rules hold. */
export function prefersGraphqlResponse(accept: string | undefined): boolean {
  const [first] = answerTypes(accept).filter((type) => (wholes as readonly string[]).includes(type));
  return first === 'application/graphql-response+json';
}

function rangesOf(accept: string): readonly Range[] {
  return accept
    .toLowerCase()
    .split(',')
    .map((text) => text.split(';').map((part) => part.trim()))
    .filter(([, ...parameters]) => parameters.every((text) => !/^charset=(?!"?utf-?8"?$)/.test(text)))
    .map(([name = '', ...parameters]) => ({ name, weight: weightOf(parameters) }));
}

/** What cannot be read counts as 1, as if nothing had been said. */
function weightOf(parameters: readonly string[]): number {
  const said = parameters.find((text) => /^q\s*=/.test(text))?.replace(/^q\s*=\s*/, '') ?? '1';
  return /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(said) ? Number(said) : 1;
}

/** The range that says most about a type counts for it, whatever others say. */
function closest(ranges: readonly Range[], type: string): Range | undefined {
  const isFraming = (framings as readonly string[]).includes(type);
  const names = [type, `${type.split('/', 1)[0]}/*`, ...(isFraming ? [] : ['*/*'])];
  return names.map((name) => ranges.find((range) => range.name === name)).find((range) => range !== undefined);
}
