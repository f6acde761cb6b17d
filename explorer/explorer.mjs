// Starts GraphiQL on the server that served this page. React, ReactDOM and GraphiQL are globals of the scripts before.

const endpoint = location.pathname;
const stream = `${location.pathname}/stream`;

const WELCOME = `# The catalog needs no key. For the rest, enter below
# under "Headers" (they are not stored):
#
#   { "authorization": "Bearer gr-…" }
#
# Ctrl-Space completes, Ctrl-Enter runs. On the left:
# documentation and history.

{
  models(first: 3) {
    edges {
      node {
        slug
        name
        status
      }
    }
  }
}
`;

/** Sends an operation; a subscription comes as server-sent events, which take the same headers. */
function fetcher(parameters, { headers = {}, documentAST } = {}) {
  return isSubscription(parameters, documentAST)
    ? events(parameters, headers)
    : send(endpoint, parameters, headers, ACCEPT_JSON).then((response) => response.json());
}

const ACCEPT_JSON = 'application/graphql-response+json, application/json';

function send(address, parameters, headers, accept, signal) {
  return fetch(address, {
    method: 'POST',
    headers: { accept, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(parameters),
    signal,
  });
}

function isSubscription({ operationName }, documentAST) {
  return documentAST?.definitions.some(
    ({ operation, name }) =>
      operation === 'subscription' && (!operationName || name?.value === operationName),
  );
}

/** The results of a subscription. `return` ends it at once, also while the next event is waited for. */
function events(parameters, headers) {
  const controller = new AbortController();
  const results = read(parameters, headers, controller.signal);
  const iterator = {
    next: () =>
      results.next().catch((error) => {
        if (controller.signal.aborted) return { done: true, value: undefined };
        throw error;
      }),
    return: () => {
      controller.abort();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}

async function* read(parameters, headers, signal) {
  const accept = `text/event-stream, ${ACCEPT_JSON}`;
  const response = await send(stream, parameters, headers, accept, signal);
  let text = '';
  for await (const chunk of chunksOf(response.body.pipeThrough(new TextDecoderStream()))) {
    text += chunk;
    const whole = text.split('\n\n');
    text = whole.pop();
    for (const event of whole) {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data !== undefined && event.startsWith('event: next')) yield JSON.parse(data);
    }
  }
}

/** Not every browser iterates streams. */
async function* chunksOf(stream) {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

/** What GraphiQL stores whole queries under. */
const HOLDS_QUERIES = new Set(['graphiql:queries', 'graphiql:favorites', 'graphiql:tabState']);

/** The browser's storage without headers: GraphiQL writes those of each query, keys included, into its history. */
const storage = {
  getItem: (name) => localStorage.getItem(name),
  setItem: (name, value) => {
    if (name === 'graphiql:headers') return;
    localStorage.setItem(name, HOLDS_QUERIES.has(name) ? withoutHeaders(value) : value);
  },
  removeItem: (name) => localStorage.removeItem(name),
  clear: () => localStorage.clear(),
  get length() {
    return localStorage.length;
  },
};

function withoutHeaders(json) {
  return JSON.stringify(
    JSON.parse(json, (name, value) => (name === 'headers' ? undefined : value)),
  );
}

const given = new URLSearchParams(location.search);
const root = ReactDOM.createRoot(document.getElementById('explorer'));
root.render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultQuery: WELCOME,
    query: given.get('query') ?? undefined,
    variables: given.get('variables') ?? undefined,
    defaultEditorToolsVisibility: 'headers',
    storage,
    shouldPersistHeaders: false,
    showPersistHeadersSettings: false,
    inputValueDeprecation: true,
    schemaDescription: true,
  }),
);
