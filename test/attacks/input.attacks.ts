import { bearer, DEMO_MODEL } from '../support/platform.js';
import { answered, type Attack, codeOf, gql, refused, send, type World } from './attack.js';

const key = ({ attacker }: World) => bearer(attacker.secret);
const owner = ({ attacker: { person, accountId } }: World) => ({
  ...bearer(person.token),
  'x-gigarouter-account': accountId,
});
const INPUT = [
  'BAD_USER_INPUT',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_REQUEST',
  'NOT_FOUND',
  'PAYLOAD_TOO_LARGE',
  'QUERY_TOO_COMPLEX',
];

/** Values that break what reads them: databases, logs, mails, pages, webhooks, JSON. */
export const inputAttacks: readonly Attack[] = [
  {
    id: 'input-sql-search',
    requirement: 'V1.2.4',
    attempt: 'SQL in the catalog’s search',
    run: async (world) => {
      const SEARCH =
        'query ($s: String!) { models(first: 5, filter: { search: $s }) { totalCount } }';
      for (const s of [
        `' OR 1=1 --`,
        `%' UNION SELECT secret_hash FROM api_key --`,
        `a\\' ; SELECT pg_sleep(9) --`,
      ]) {
        const answer = await gql(world, SEARCH, { s });
        expect([s, answer.body.data?.models.totalCount ?? codeOf(answer)]).toEqual([s, 0]);
      }
      return 'nothing is found';
    },
  },
  {
    id: 'input-like-wildcards',
    requirement: 'V1.3.3',
    attempt: 'wildcards in the catalog’s search, to scan everything',
    run: async (world) => {
      const { body } = await gql(
        world,
        '{ models(first: 5, filter: { search: "zz%zz _zz" }) { totalCount } }',
      );
      expect(body.data.models.totalCount).toBe(0);
      return 'nothing is found';
    },
  },
  {
    id: 'input-regular-expression',
    requirement: 'V1.2.9',
    attempt: 'a regular expression that backtracks, in every text that is searched',
    run: async (world) => {
      const answer = await gql(
        world,
        'query ($s: String!) { models(first: 5, filter: { search: $s }) { totalCount } }',
        {
          s: `(${'a+'.repeat(20)})+$`,
        },
      );
      return codeOf(answer) ?? 'nothing is found';
    },
  },
  {
    id: 'input-nul',
    requirement: 'V1.3.3, V16.5.3',
    attempt: 'NUL in a name that is stored',
    run: async (world) => {
      for (const query of [
        'mutation { createOrganization(input: { name: "a\\u0000b" }) { account { id } userErrors { code message path details } } }',
        'mutation { createApiKey(input: { name: "a\\u0000b", scopes: [READ] }) { secret userErrors { code message path details } } }',
        'mutation { createLabelSet(input: { name: "a\\u0000", labels: ["x", "y\\u0000"] }) { labelSet { id } userErrors { code message path details } } }',
      ])
        refused(await gql(world, query, {}, owner(world)), ...INPUT);
      return '400 for each';
    },
  },
  {
    id: 'input-lone-surrogate',
    requirement: 'V1.1.1',
    attempt: 'half of a surrogate pair in a name that is stored',
    run: async (world) => {
      const answer = await gql(
        world,
        'mutation { createOrganization(input: { name: "a\\ud800b" }) { account { name } userErrors { code message path details } } }',
        {},
        owner(world),
      );
      expect(answer.status).toBeLessThan(500);
      return (
        codeOf(answer) ??
        `stored as ${JSON.stringify(answer.body.data.createOrganization.account.name)}`
      );
    },
  },
  {
    id: 'input-long-name',
    requirement: 'V2.2.1',
    attempt: 'a name of 1 MB',
    run: async (world) =>
      refused(
        await gql(
          world,
          'mutation ($n: String!) { createOrganization(input: { name: $n }) { account { id } userErrors { code message path details } } }',
          { n: 'a'.repeat(1_000_000) },
          owner(world),
        ),
        ...INPUT,
      ),
  },
  {
    id: 'input-log-injection',
    requirement: 'V16.4.1',
    attempt: 'line breaks and JSON in what is logged',
    run: async (world) => {
      const before = world.t.log.length;
      await gql(
        world,
        'query forged { tasks { task } }',
        {},
        { 'user-agent': 'x"},{"level":60,"msg":"forged' },
      );
      for (const line of world.t.log.slice(before)) {
        expect(() => JSON.parse(line) as unknown).not.toThrow();
        expect(line.trim()).not.toContain('\n');
      }
      return 'one line of JSON for each request';
    },
  },
  {
    id: 'input-html-in-page',
    requirement: 'V1.2.1, V3.2.2',
    attempt: 'markup in the token of a mail’s page',
    run: async (world) => {
      const { text } = await send(
        world,
        `/auth/reset-password?token=${encodeURIComponent('"><script>alert(1)</script>')}`,
      );
      expect(text).not.toContain('<script>alert');
      return 'escaped';
    },
  },
  {
    id: 'input-parameter-pollution',
    requirement: 'V15.3.7',
    attempt: 'a parameter twice, and as an array',
    run: async (world) => {
      const answer = await send(world, '/v1/files?limit=1&limit=1000&after[]=x&after[$ne]=1', {
        headers: key(world),
      });
      return answered(answer, 200, 400);
    },
  },
  {
    id: 'input-type-confusion',
    requirement: 'V15.3.5',
    attempt: 'objects, arrays and booleans where a text is expected',
    run: async (world) => {
      for (const model of [{ $ne: '' }, [DEMO_MODEL], true, 1, null]) {
        const answer = await send(world, '/v1/classify', {
          headers: key(world),
          body: { model, input: 'x', labels: ['a', 'b'] },
        });
        answered(answer, 400, 404, 422);
      }
      return '4xx for each';
    },
  },
  {
    id: 'input-unknown-fields',
    requirement: 'V15.3.3, API3:2023',
    attempt: 'fields that are not the caller’s to set (accountId, chargedNanos)',
    run: async (world) => {
      const create = (more: string) =>
        gql(
          world,
          `mutation { createApiKey(input: { name: "x", scopes: [READ], ${more} }) { secret userErrors { code } } }`,
          {},
          owner(world),
        );
      // An account may be named, if it is one's own.
      refused(await create(`accountId: "${world.victim.accountId}"`), 'NOT_FOUND');
      return refused(
        await create('revokedAt: null, chargedNanos: "0"'),
        'GRAPHQL_VALIDATION_FAILED',
      );
    },
  },
  {
    id: 'input-broken-json',
    requirement: 'V1.5.2',
    attempt: 'JSON that breaks off, with comments, twice the same key, and in UTF-16',
    run: async (world) => {
      const headers = { ...key(world), 'content-type': 'application/json' };
      for (const body of [
        '{"query":',
        '{/* */}',
        '[',
        'null',
        '"x"',
        '\u0000',
        Buffer.from('{"query":"{a}"}', 'utf16le'),
      ])
        answered(await send(world, '/graphql', { headers, body }), 400);
      return '400 for each';
    },
  },
  {
    id: 'input-content-encoding',
    requirement: 'V5.2.3',
    attempt: 'a body that says it is compressed, and is not',
    run: async (world) =>
      answered(
        await send(world, '/graphql', {
          headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
          body: '{"query":"{ tasks { task } }"}',
        }),
        200,
        400,
        415,
      ),
  },
  {
    id: 'input-labels-flood',
    requirement: 'V2.2.1, API4:2023',
    attempt: '100,000 labels',
    run: async (world) => {
      const labels = Array.from({ length: 100_000 }, (_, n) => `label ${String(n)}`);
      const answer = await send(world, '/v1/classify', {
        headers: key(world),
        body: { model: DEMO_MODEL, input: 'x', labels },
      });
      return answered(answer, 400, 413);
    },
  },
  {
    id: 'input-forged-cursor',
    requirement: 'V2.2.1',
    attempt: 'cursors that are forged, cut short or of another list',
    run: async (world) => {
      for (const after of [
        'x',
        'AAAA',
        Buffer.from('{"a":1}').toString('base64'),
        "'; --",
        'run_x',
      ])
        for (const list of [
          'models',
          'ledger',
          'runs',
          'purchases',
          'modelRequests',
          'auditEvents',
        ]) {
          const answer = await gql(
            world,
            `query ($a: String!) { ${list}(first: 1, after: $a) { pageInfo { hasNextPage } } }`,
            { a: after },
            owner(world),
          );
          expect([list, after, answer.status < 500, codeOf(answer) === 'INTERNAL']).toEqual([
            list,
            after,
            true,
            false,
          ]);
        }
      return 'refused, or an empty page';
    },
  },
  {
    id: 'input-time-zone',
    requirement: 'V1.2.4, V2.2.1',
    attempt: 'SQL as the time zone of a usage report',
    run: async (world) =>
      refused(
        await gql(
          world,
          `query ($z: String!) { account { usage(range: { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" }, interval: DAY, groupBy: [], timeZone: $z) { __typename } } }`,
          { z: "UTC'; SELECT pg_sleep(9); --" },
          owner(world),
        ),
        ...INPUT,
      ),
  },
];
