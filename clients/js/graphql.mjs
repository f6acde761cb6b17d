// Clients of GraphQL.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { cacheExchange, createClient as createUrql, fetchExchange } from '@urql/core';
import { GraphQLClient } from 'graphql-request';
import { createClient as createSse } from 'graphql-sse';
import { createClient as createWs } from 'graphql-ws';
import relay from 'relay-runtime';
import { WebSocket } from 'ws';
import { authorization, check, key, model, newText, url } from './check.mjs';

const endpoint = `${url}/graphql`;
const MODELS = '{ models(first: 2) { totalCount edges { node { slug name } } } }';
const BALANCE = '{ account { balance { postedNanos } } }';
const CHANGED = 'subscription { balanceChanged { balance { postedNanos } } }';

/** Something that changes the balance. */
async function spend() {
  const response = await fetch(`${url}/v1/embeddings`, {
    method: 'POST',
    headers: { ...authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ model, input: newText() }),
  });
  assert.equal(response.status, 200);
}

/** The first value that a subscription gives, while the balance changes. */
async function firstOf(subscribe) {
  let timer;
  try {
    return await new Promise((resolve, reject) => {
      subscribe(resolve, reject);
      timer = setInterval(() => spend().catch(reject), 1_000);
    });
  } finally {
    clearInterval(timer);
  }
}

const ws = () =>
  createWs({
    url: endpoint.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: authorization,
  });

check('@apollo/client', 'query, error, subscription', async () => {
  const client = new ApolloClient({
    link: new HttpLink({ uri: endpoint, headers: authorization }),
    cache: new InMemoryCache(),
  });
  const { data } = await client.query({ query: gql(MODELS) });
  assert.equal(data.models.edges.length, 2);
  const wrong = new ApolloClient({
    link: new HttpLink({ uri: endpoint, headers: { authorization: 'Bearer sk-x' } }),
    cache: new InMemoryCache(),
  });
  const error = await wrong.query({ query: gql(BALANCE) }).catch((reason) => reason);
  assert.match(String(error.errors?.[0]?.extensions?.code), /UNAUTHENTICATED/);
  const socket = ws();
  const live = new ApolloClient({ link: new GraphQLWsLink(socket), cache: new InMemoryCache() });
  const first = await firstOf((next, error) => {
    live.subscribe({ query: gql(CHANGED) }).subscribe({ next, error });
  });
  assert.ok(first.data.balanceChanged.balance.postedNanos);
  await socket.dispose();
});

check('@urql/core', 'query by GET', async () => {
  const client = createUrql({
    url: endpoint,
    exchanges: [cacheExchange, fetchExchange],
    preferGetMethod: true,
    fetchOptions: { headers: authorization },
  });
  const { data, error } = await client.query(MODELS, {}).toPromise();
  assert.equal(error, undefined);
  assert.equal(data.models.edges.length, 2);
});

check('graphql-request', 'query, error', async () => {
  const client = new GraphQLClient(endpoint, { headers: authorization });
  assert.ok((await client.request(BALANCE)).account.balance.postedNanos);
  await assert.rejects(client.request('{ nothing }'), /nothing/);
});

check('graphql-ws', 'subscription', async () => {
  const client = ws();
  const first = await firstOf((next, error) => {
    client.subscribe({ query: CHANGED }, { next, error, complete: () => undefined });
  });
  assert.ok(first.data.balanceChanged.balance.postedNanos);
  await client.dispose();
});

check('graphql-sse', 'subscription', async () => {
  const client = createSse({ url: `${endpoint}/stream`, headers: authorization });
  const first = await firstOf((next, error) => {
    client.subscribe({ query: CHANGED }, { next, error, complete: () => undefined });
  });
  assert.ok(first.data.balanceChanged.balance.postedNanos);
  client.dispose();
});

const bin = (name) => path.join(import.meta.dirname, 'node_modules/.bin', name);

check('@graphql-codegen/cli', 'types from the live address', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'codegen-'));
  const config = path.join(folder, 'codegen.json');
  writeFileSync(
    config,
    JSON.stringify({
      schema: { [endpoint]: { headers: { authorization: `Bearer ${key}` } } },
      generates: { [path.join(folder, 'types.ts')]: { plugins: ['typescript'] } },
    }),
  );
  execFileSync(bin('graphql-codegen'), ['--config', config], {
    cwd: import.meta.dirname,
    stdio: 'pipe',
  });
  assert.match(readFileSync(path.join(folder, 'types.ts'), 'utf8'), /NanoUSD: \{/);
  return Promise.resolve();
});

check('relay-compiler', 'compile and run with relay-runtime', async () => {
  const folder = mkdtempSync(path.join(import.meta.dirname, 'relay-'));
  mkdirSync(path.join(folder, 'src'));
  const schema = await (await fetch(`${url}/schema.graphql`)).text();
  writeFileSync(path.join(folder, 'schema.graphql'), schema);
  const query = `query appModelsQuery { models(first: 2) { edges { node { id slug } } } }`;
  writeFileSync(
    path.join(folder, 'src/app.js'),
    `import { graphql } from 'react-relay';\ngraphql\`${query}\`;\n`,
  );
  writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({
      relay: {
        src: './src',
        schema: './schema.graphql',
        language: 'javascript',
        eagerEsModules: true,
      },
    }),
  );
  execFileSync(bin('relay-compiler'), [], { cwd: folder, stdio: 'pipe' });
  const artifact = path.join(folder, 'src/__generated__/appModelsQuery.graphql.js');
  const module = path.join(folder, 'query.mjs');
  writeFileSync(module, readFileSync(artifact));
  const { default: request } = await import(module);
  const { Environment, fetchQuery, Network, RecordSource, Store } = relay;
  const environment = new Environment({
    network: Network.create(async ({ text }, variables) => {
      const response = await fetch(endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...authorization },
        body: JSON.stringify({ query: text, variables }),
      });
      return response.json();
    }),
    store: new Store(new RecordSource()),
  });
  const { models } = await fetchQuery(environment, request, {}).toPromise();
  assert.equal(models.edges.length, 2);
});
