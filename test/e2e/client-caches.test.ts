import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { compileFunction } from 'node:vm';
import { ApolloClient, gql, HttpLink, InMemoryCache, type TypedDocumentNode } from '@apollo/client';
import { Client, fetchExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { introspectionFromSchema, isObjectType } from 'graphql';
import {
  commitMutation,
  type ConcreteRequest,
  createOperationDescriptor,
  Environment,
  fetchQuery,
  Network,
  RecordSource,
  Store,
} from 'relay-runtime';
import { createPrintableSchema } from '../../src/app/resolvers.js';
import type { AccountId } from '../../src/platform/ids.js';
import { errorOf, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo } from '../support/operators.js';
import { ownAccountOf, type Person, signUp } from '../support/people.js';
import { bearer } from '../support/platform.js';

const OVERVIEW = `query OverviewQuery($id: ID!) {
  account(id: $id) {
    id
    name
    balance { postedNanos }
    creditLots { nodes { id expiresAt } }
    ledger(first: 1) { edges { node { id lot { id remainingNanos } } } }
    apiKeys { nodes { id name } }
  }
}`;
const RENAME = `mutation RenameMutation($input: UpdateApiKeyInput!) {
  updateApiKey(input: $input) { apiKey { id name } userErrors { code message } }
}`;

/** What a dashboard shows of an account. */
interface Overview {
  readonly account: {
    readonly id: string;
    readonly name: string;
    readonly balance: { readonly postedNanos: string };
    readonly creditLots: {
      readonly nodes: readonly { readonly id: string; readonly expiresAt: string | null }[];
    };
    readonly ledger: object;
    readonly apiKeys: { readonly nodes: readonly { readonly id: string; readonly name: string }[] };
  };
}

/** A client with its cache, as pages use it. */
interface CachingClient {
  /** From the cache when it is there. */
  read(id: string): Promise<Overview>;
  rename(input: { accountId: string; id: string; name: string }): Promise<void>;
}

type Connect = (url: string, token: string) => CachingClient;

const connectGraphcache: Connect = (url, token) => {
  const schema = createPrintableSchema();
  // Values without an id are part of what they belong to.
  const embedded = Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type) && type.getFields().id === undefined)
    .map(({ name }) => [name, () => null] as const);
  const client = new Client({
    url: `${url}/graphql`,
    preferGetMethod: false,
    exchanges: [
      cacheExchange({
        schema: introspectionFromSchema(schema),
        keys: Object.fromEntries(embedded),
      }),
      fetchExchange,
    ],
    fetchOptions: { headers: bearer(token) },
  });
  return {
    read: async (id) => {
      const { data, error } = await client.query<Overview>(OVERVIEW, { id }).toPromise();
      if (data === undefined) throw error ?? new Error('No data.');
      return data;
    },
    rename: async (input) => {
      const { error } = await client.mutation(RENAME, { input }).toPromise();
      if (error !== undefined) throw error;
    },
  };
};

const connectApollo: Connect = (url, token) => {
  const client = new ApolloClient({
    link: new HttpLink({ uri: `${url}/graphql`, headers: bearer(token) }),
    cache: new InMemoryCache(),
  });
  return {
    read: async (id) => {
      const query: TypedDocumentNode<Overview> = gql(OVERVIEW);
      const { data } = await client.query({ query, variables: { id } });
      if (data === undefined) throw new Error('No data.');
      return data;
    },
    rename: async (input) => {
      await client.mutate({ mutation: gql(RENAME), variables: { input } });
    },
  };
};

const folder = temporaryFolder();

/** The operations as the Relay compiler makes them of our schema. */
function compileForRelay(): { query: ConcreteRequest; mutation: ConcreteRequest } {
  const root = process.cwd();
  const src = path.join(folder.path, 'relay');
  mkdirSync(path.join(src, 'artifacts'), { recursive: true });
  writeFileSync(
    path.join(src, 'overview.js'),
    `graphql\`${OVERVIEW.replace('OverviewQuery', 'overviewQuery')}\`;\ngraphql\`${RENAME.replace('RenameMutation', 'overviewMutation')}\`;\n`,
  );
  const config = {
    root: folder.path,
    sources: { relay: 'test' },
    projects: {
      test: {
        language: 'javascript',
        schema: 'schema.graphql',
        output: 'relay/artifacts',
        eagerEsModules: false,
      },
    },
  };
  copyFileSync(path.join(root, 'schema.graphql'), path.join(folder.path, 'schema.graphql'));
  writeFileSync(path.join(folder.path, 'relay.config.json'), JSON.stringify(config));
  const compiler = path.join(root, 'node_modules/relay-compiler/cli.js');
  execFileSync(process.execPath, [compiler, 'relay.config.json'], {
    cwd: folder.path,
    stdio: 'pipe',
  });
  // Jest would look for a module of ours.
  const artifact = (name: string) => {
    const made = { exports: {} as ConcreteRequest };
    const text = readFileSync(path.join(src, 'artifacts', `${name}.graphql.js`), 'utf8');
    compileFunction(text, ['module'])(made);
    return made.exports;
  };
  return { query: artifact('overviewQuery'), mutation: artifact('overviewMutation') };
}

const connectRelay: Connect = (url, token) => {
  const { query, mutation } = compileForRelay();
  const environment = new Environment({
    store: new Store(new RecordSource()),
    network: Network.create(async ({ text }, variables) => {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...bearer(token) },
        body: JSON.stringify({ query: text, variables }),
      });
      return (await response.json()) as never;
    }),
  });
  return {
    read: async (id) => {
      const operation = createOperationDescriptor(query, { id });
      if (environment.check(operation).status === 'missing') {
        await fetchQuery(environment, query, { id }).toPromise();
        environment.retain(operation);
      }
      return environment.lookup(operation.fragment).data as unknown as Overview;
    },
    rename: (input) =>
      new Promise((resolve, reject) => {
        commitMutation(environment, {
          mutation,
          variables: { input },
          onCompleted: () => {
            resolve();
          },
          onError: reject,
        });
      }),
  };
};

const outbox = temporaryFolder();
let t: TestApp;
let person: Person;
let own: string;
let organization: string;
beforeAll(async () => {
  t = await startTestApp({ config: mailTo(outbox.path), background: false });
  person = await signUp({ url: t.url, outboxDir: outbox.path }, 'dashboard@example.org');
  own = await ownAccountOf(person);
  const made = await person.gql(
    'mutation { createOrganization(input: { name: "Acme" }) { account { id } userErrors { code } } }',
  );
  organization = made.body.data.createOrganization.account.id as string;
  for (const [id, nanos] of [
    [own, 1_000n],
    [organization, 77_000n],
  ] as const) {
    const accountId = id as AccountId;
    await t.app.services.credits.grant({ accountId, nanos, reason: 'test', actor: 'system' });
    const created = await person.gql(
      `mutation ($id: ID!) { createApiKey(input: { accountId: $id, name: "first" }) { secret userErrors { code } } }`,
      { id },
    );
    expect(errorOf(created)).toBeUndefined();
  }
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
  folder.remove();
});

describe.each([
  ['graphcache', connectGraphcache],
  ['Apollo Client', connectApollo],
  ['Relay', connectRelay],
] as const)('%s', (_name, connect) => {
  test('keeps two accounts of a person apart, and sees a change in every list', async () => {
    const client = connect(t.url, person.token);
    const first = await client.read(own);
    const second = await client.read(organization);
    expect(second.account).toMatchObject({ id: organization, name: 'Acme' });
    expect(second.account.balance.postedNanos).toBe('77000');
    expect(first.account.balance.postedNanos).not.toBe('77000');

    // A lot that never expires is nothing else in the cache.
    expect(second.account.creditLots.nodes).toEqual(
      [{ id: expect.stringMatching(/^lot_/) as string, expiresAt: null }].map(
        expect.objectContaining,
      ),
    );

    const [key] = second.account.apiKeys.nodes;
    const name = `renamed ${_name}`;
    await client.rename({ accountId: organization, id: key?.id ?? '', name });
    expect((await client.read(organization)).account.apiKeys.nodes[0]?.name).toBe(name);
    expect((await client.read(own)).account.apiKeys.nodes[0]?.name).toBe('first');
  });
});
