/** How much one request may ask for. The named operations in `schema/operations` need less than half of each. */
export interface Limits {
  /** Characters of the address of a request. @default 8192 */
  readonly urlCharacters: number;
  /** Bytes of a request body. @default 262144 */
  readonly bodyBytes: number;
  /** Operations in a batch. Each has the limits below; the time is that of the request. @default 10 */
  readonly batchOperations: number;
  /** Characters of the text of an operation. @default 32768 */
  readonly queryCharacters: number;
  /** Lexical tokens of a document, comments apart. @default 2000 */
  readonly tokens: number;
  /** Fields within fields. Introspection as GraphiQL sends it takes 15. @default 20 */
  readonly depth: number;
  /** Aliases, with fragments counted wherever they are spread. @default 30 */
  readonly aliases: number;
  /** Directives in a document. @default 50 */
  readonly directives: number;
  /** Fields, with fragments counted wherever they are spread. @default 1000 */
  readonly fields: number;
  /** Values the answer may come to hold: see `costOf`. @default 50000 */
  readonly cost: number;
  /** Levels of nesting of variables. @default 10 */
  readonly variableDepth: number;
  /** From the first byte of a request to its answer, in milliseconds. @default 30000 */
  readonly durationMs: number;
}

export const defaultLimits: Limits = Object.freeze({
  urlCharacters: 8 * 1024,
  bodyBytes: 256 * 1024,
  batchOperations: 10,
  queryCharacters: 32 * 1024,
  tokens: 2_000,
  depth: 20,
  aliases: 30,
  directives: 50,
  fields: 1_000,
  cost: 50_000,
  variableDepth: 10,
  durationMs: 30_000,
});
