import type { Tab } from './tabs.ts';

/** Somebody the page may act as. */
export interface DemoPerson {
  tenant: string;
  role: string;
  email: string;
  token: string;
}

export interface PageData {
  tabs: readonly Tab[];
  /** Empty: the page asks for a token instead. */
  people: readonly DemoPerson[];
}

const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#16a34a"/></svg>',
)}`;

/** GraphiQL's page; everything it loads comes from this server. */
export function renderPage(data: PageData): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Freshfield GraphiQL</title>
    <link rel="icon" href="${icon}" />
    <link rel="stylesheet" href="/graphql/assets/graphiql.css" />
    <link rel="stylesheet" href="/graphql/assets/page.css" />
    <script type="application/json" id="freshfield">${jsonInHtml(data)}</script>
    <script src="/graphql/assets/graphiql.js" defer></script>
    <script src="/graphql/assets/editor.js" defer></script>
  </head>
  <body>
    <header id="who">
      <strong>Freshfield</strong>
      <label for="acting-as">Acting as</label>
      <select id="acting-as"></select>
      <input id="token" type="text" autocomplete="off" spellcheck="false" placeholder="Paste a token" aria-label="Token" hidden />
    </header>
    <div id="root"><noscript>GraphiQL needs JavaScript.</noscript></div>
  </body>
</html>
`;
}

/** No text in it can end the script element it stands in. */
function jsonInHtml(data: PageData): string {
  return JSON.stringify(data).replaceAll('<', '\\u003c');
}
