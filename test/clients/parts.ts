/** One part of an answer, or the whole of it. */
export interface SentPart {
  data?: any;
  errors?: unknown[];
  extensions?: Record<string, unknown>;
  label?: string;
  path?: (string | number)[];
  hasNext?: boolean;
  incremental?: SentPart[];
}

/** The parts of an answer as they come; one where it comes whole. */
export async function* parts(response: Response): AsyncIterable<SentPart> {
  const type = response.headers.get('content-type') ?? '';
  const boundary = /^multipart\/mixed;.*\bboundary="?([^";]+)"?/i.exec(type)?.[1];
  if (boundary) yield* partsBetween(`\r\n--${boundary}`, response.body!);
  else yield (await response.json()) as SentPart;
}

async function* partsBetween(mark: string, body: ReadableStream<Uint8Array>): AsyncIterable<SentPart> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of body) {
    const complete = (rest + decoder.decode(bytes, { stream: true })).split(mark);
    rest = complete.pop() ?? '';
    for (const part of complete) {
      const [, json] = part.split('\r\n\r\n');
      if (json) yield JSON.parse(json);
    }
  }
}
