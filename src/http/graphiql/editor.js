// Runs in the browser, after GraphiQL's own script. What it needs to know stands in the page as JSON.
const { tabs, people } = JSON.parse(document.querySelector('#freshfield').textContent);
const own = 'token';
const chosenKey = 'freshfield:acting-as';
const tokenKey = 'freshfield:token';
const tabsKey = 'freshfield:tabs';

self.MonacoEnvironment = {
  globalAPI: false,
  getWorkerUrl: (_module, label) =>
    `/graphql/assets/${{ json: 'json', graphql: 'graphql' }[label] ?? 'editor'}-worker.js`,
};

const select = document.querySelector('#acting-as');
const input = document.querySelector('#token');
fillPicker();
forgetOldTabs();
globalThis.YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), {
  title: 'GraphiQL',
  logo: '<span class="freshfield-logo" aria-hidden="true"></span>',
  ...(tabs.length > 0 && { defaultTabs: tabs }),
  ...lastTab(),
  shouldPersistHeaders: false,
  schemaDescription: true,
  additionalHeaders: authorize,
  onEditQuery() {}, // by default the query goes into the address, and reloading would then run it
});

/** The chosen person's token, unless the tab's own headers say who is asking. */
function authorize(request) {
  const written = Object.keys(request?.extensions?.headers ?? {});
  const token = actingToken();
  return token && !written.some((name) => name.toLowerCase() === 'authorization')
    ? { authorization: `Bearer ${token}` }
    : {};
}

function actingToken() {
  if (select.value === own) return sessionStorage.getItem(tokenKey);
  return people.find(({ email }) => email === select.value)?.token;
}

function fillPicker() {
  for (const tenant of new Set(people.map((person) => person.tenant))) {
    const group = document.createElement('optgroup');
    group.label = tenant;
    for (const { email, role } of people.filter((person) => person.tenant === tenant)) {
      group.append(new Option(`${role} of ${tenant}`, email));
    }
    select.append(group);
  }
  select.append(new Option('a token of your own', own));
  const chosen = sessionStorage.getItem(chosenKey);
  if ([...select.options].some(({ value }) => value === chosen)) select.value = chosen;
  input.value = sessionStorage.getItem(tokenKey) ?? '';
  input.hidden = select.value !== own;

  select.addEventListener('change', () => {
    sessionStorage.setItem(chosenKey, select.value);
    input.hidden = select.value !== own;
    if (input.hidden) askAgain();
    else input.focus();
  });
  input.addEventListener('change', () => {
    sessionStorage.setItem(tokenKey, input.value.trim().replace(/^Bearer +/i, ''));
    askAgain();
  });
}

/** Another person, another page: no answer of the last one stays on the screen. The tabs are kept. */
function askAgain() {
  location.reload();
}

/** GraphiQL keeps tabs from visit to visit; when the examples have changed, the new ones are wanted. */
function forgetOldTabs() {
  const current = JSON.stringify(tabs);
  if (localStorage.getItem(tabsKey) === current) return;
  localStorage.removeItem('graphiql:tabState');
  localStorage.setItem(tabsKey, current);
}

/** Where the last visit stopped: GraphiQL opens an empty tab unless it is told which of the kept ones to show. */
function lastTab() {
  try {
    const { tabs: kept, activeTabIndex } = JSON.parse(localStorage.getItem('graphiql:tabState'));
    const { query, variables } = kept[activeTabIndex];
    return { query, variables: variables ?? '' };
  } catch {
    return {}; // the first visit
  }
}
