import type { Started } from './start.ts';

/** What a person reads when the server is up. */
export function greeting({ address, place, demoTokens }: Started): string {
  const lines = [
    '',
    `Freshfield serves ${address}/graphql`,
    `  Open it in a browser to explore the schema (GraphiQL).`,
    `  The data lives in ${place}`,
  ];
  if (demoTokens.length > 0) {
    lines.push('', 'Tokens of the demo people, good for 7 days. Send one as "Authorization: Bearer <token>".');
    for (const { email, token } of demoTokens) lines.push('', email, token);
  }
  return `${lines.join('\n')}\n\n`;
}
