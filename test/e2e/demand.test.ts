import fc from 'fast-check';
import {
  addModel,
  codeOf,
  type DemandRig,
  request,
  REQUEST,
  startDemandRig,
} from '../support/demand.js';

let t: DemandRig;
beforeAll(async () => {
  t = await startDemandRig();
});
afterAll(() => t.stop());

const SLUG = 'google/siglip-base-patch16-224';
const DEMAND = `query ($slug: String!) { model(slug: $slug) { id status
  demand { requests rank lastWeek weekBefore weekly stage expectedOn } } }`;
const demandOf = async (slug: string) => (await t.gql(DEMAND, { slug })).body.data.model.demand;

test('an account asks once for a model, whatever it says and however often', async () => {
  const caller = await t.caller();
  const first = await request(caller, { slug: SLUG, useCase: ' sorting ', monthlyVolume: 5_000 });
  expect(first).toMatchObject({ useCase: 'sorting', monthlyVolume: 5_000, isContactAllowed: true });
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, n) => request(caller, { slug: SLUG, monthlyVolume: n })),
  );
  expect(new Set(answers.map(({ id }) => id as string))).toEqual(new Set([first.id]));
  expect((await demandOf(SLUG)).requests).toBe(1);
  const edited = await request(caller, { slug: SLUG, useCase: 'other', isContactAllowed: false });
  expect(edited).toMatchObject({
    id: first.id,
    useCase: 'other',
    monthlyVolume: null,
    isContactAllowed: false,
  });
  const { body } = await caller.gql(
    '{ account { modelRequests { edges { node { id model { slug } } } } } }',
  );
  expect(body.data.account.modelRequests.edges).toEqual([
    { node: { id: first.id, model: { slug: SLUG } } },
  ]);
});

test('what is withdrawn does not count, and comes back at the end of the queue', async () => {
  const slug = 'test/withdrawn';
  await addModel(t, slug);
  const [one, two] = [await t.caller(), await t.caller()];
  const { id } = await request(one, { slug });
  await t.skip(0.001);
  expect((await request(two, { slug })).place).toBe(2);
  const withdraw = () =>
    one.gql(
      'mutation ($id: ID!) { withdrawModelRequest(input: { id: $id }) { deletedModelRequestId userErrors { code message path details } } }',
      { id },
    );
  expect((await withdraw()).body.data.withdrawModelRequest.userErrors).toEqual([]);
  expect((await withdraw()).body.data.withdrawModelRequest.userErrors).toEqual([]);
  expect((await demandOf(slug)).requests).toBe(1);
  expect((await one.gql(`{ node(id: "${id as string}") { id } }`)).body.data.node).toBeNull();
  expect((await request(two, { slug })).place).toBe(1);
  await t.skip(0.001);
  expect(await request(one, { slug })).toMatchObject({ id, place: 2 });
});

test('a request is its account’s only', async () => {
  const [one, other] = [await t.caller(), await t.caller()];
  const { id } = await request(one, { slug: SLUG });
  const withdraw = (asked: string) =>
    other.gql(
      'mutation ($id: ID!) { withdrawModelRequest(input: { id: $id }) { deletedModelRequestId userErrors { code message path details } } }',
      { id: asked },
    );
  expect(codeOf(await withdraw(id as string))).toBe('NOT_FOUND');
  expect(codeOf(await withdraw('mreq_01jd0000000000000000000000'))).toBe('NOT_FOUND');
  expect((await other.gql(`{ node(id: "${id as string}") { id } }`)).body.data.node).toBeNull();
  expect((await one.gql(`{ node(id: "${id as string}") { id } }`)).body.data.node).toEqual({ id });
});

test.each([
  ['https://huggingface.co/Acme/New-Model', 'Acme/New-Model'],
  ['https://huggingface.co/acme/new-model/tree/main', 'Acme/New-Model'],
  ['huggingface.co/ACME/NEW-MODEL?library=transformers#card', 'Acme/New-Model'],
  ['https://hf.co/acme/New-model/', 'Acme/New-Model'],
])('%s is one proposal with all the ways to write it', async (huggingFaceUrl, slug) => {
  const { model } = await request(await t.caller(), { huggingFaceUrl });
  expect(model).toMatchObject({ slug, status: 'PROPOSED' });
  const rows = await t.database.query(`SELECT FROM model WHERE lower(slug) = lower($1)`, [slug]);
  expect(rows).toHaveLength(1);
});

test('accounts that propose a model at the same time propose one', async () => {
  const callers = await Promise.all(Array.from({ length: 8 }, () => t.caller()));
  const answers = await Promise.all(
    callers.map((caller, n) =>
      request(caller, { slug: n % 2 === 0 ? 'race/Model' : 'RACE/model' }),
    ),
  );
  expect(new Set(answers.map(({ model }) => model.id as string)).size).toBe(1);
  const [{ model }] = answers;
  expect((await demandOf(model.slug as string)).requests).toBe(8);
});

test('a model of the catalog is found by the address of its page, and by its alias', async () => {
  const caller = await t.caller();
  const asked = await request(caller, {
    huggingFaceUrl: `https://huggingface.co/${SLUG.toUpperCase()}`,
  });
  expect(asked.model.slug).toBe(SLUG);
});

test('proposals are in no list unless it asks for them', async () => {
  await request(await t.caller(), { slug: 'hidden/proposal' });
  const list = `query ($filter: ModelFilter) { models(first: 100, filter: $filter) { edges { node { slug } } } }`;
  const slugs = async (filter?: object) =>
    (await t.gql(list, { filter })).body.data.models.edges.map(
      ({ node }: { node: { slug: string } }) => node.slug,
    ) as string[];
  expect(await slugs()).not.toContain('hidden/proposal');
  expect(await slugs({ search: 'hidden' })).toEqual([]);
  expect(await slugs({ statuses: ['PROPOSED'] })).toContain('hidden/proposal');
  const hub = await fetch(`${t.url}/api/models?search=hidden`);
  expect(await hub.json()).toEqual([]);
});

test.each([
  ['both ways at once', { slug: 'a/b', huggingFaceUrl: 'https://huggingface.co/a/b' }],
  ['no way', {}],
  ['another site', { huggingFaceUrl: 'https://example.org/a/b' }],
  ['a site that looks alike', { huggingFaceUrl: 'https://huggingface.co.evil.org/a/b' }],
  ['a name in the address', { huggingFaceUrl: 'https://me@huggingface.co/a/b' }],
  ['a dataset', { huggingFaceUrl: 'https://huggingface.co/datasets/a' }],
  ['a space', { huggingFaceUrl: 'https://huggingface.co/spaces/a/b' }],
  ['one part', { slug: 'gpt2' }],
  ['three parts', { slug: 'a/b/c' }],
  ['dots', { slug: '../b' }],
  ['a blank', { slug: 'a /b' }],
  ['script', { slug: '<script>/x' }],
  ['a NUL', { slug: 'a/b\0' }],
  ['ten kilobytes', { slug: `a/${'b'.repeat(10_000)}` }],
  ['a long use case', { slug: 'a/b', useCase: 'x'.repeat(2_001) }],
  ['a NUL in the use case', { slug: 'a/b', useCase: 'x\0' }],
  ['a volume below 0', { slug: 'a/b', monthlyVolume: -1 }],
  ['a volume beyond reason', { slug: 'a/b', monthlyVolume: 1e13 }],
])('refuses %s', async (_what, input) => {
  expect(codeOf(await (await t.caller()).gql(REQUEST, { input }))).toBe('BAD_USER_INPUT');
  expect(await t.database.query(`SELECT FROM model WHERE slug = 'a/b'`)).toEqual([]);
});

test('what is live or was retired is not asked for', async () => {
  await addModel(t, 'test/live', 'LIVE');
  await addModel(t, 'test/retired', 'RETIRED');
  const caller = await t.caller();
  for (const slug of ['test/live', 'test/retired']) {
    const answer = await caller.gql(REQUEST, { input: { slug } });
    expect(codeOf(answer)).toBe('CONFLICT');
  }
});

test('ranks models that are coming soon, equal ones alike, and sorts the catalog by demand', async () => {
  const own = await startDemandRig();
  try {
    const callers = await Promise.all(Array.from({ length: 3 }, () => own.caller()));
    for (const [slug, count] of [
      ['rank/a', 3],
      ['rank/b', 1],
      ['rank/c', 1],
      ['rank/d', 0],
    ] as const) {
      await addModel(own, slug);
      for (const caller of callers.slice(0, count)) await request(caller, { slug });
    }
    const list = `{ models(first: 4, orderBy: { field: DEMAND }, filter: { owners: ["rank"] }) {
      edges { node { slug demand { requests rank } } } } }`;
    const { edges } = (await own.gql(list)).body.data.models;
    expect(edges.map(({ node }: { node: object }) => node)).toEqual([
      { slug: 'rank/a', demand: { requests: 3, rank: 1 } },
      { slug: 'rank/b', demand: { requests: 1, rank: 2 } },
      { slug: 'rank/c', demand: { requests: 1, rank: 2 } },
      { slug: 'rank/d', demand: { requests: 0, rank: null } },
    ]);
    // By the next page too.
    const page = async (after: string | null) =>
      (
        await own.gql(
          `query ($after: String) { models(first: 2, after: $after, orderBy: { field: DEMAND }, filter: { owners: ["rank"] }) {
            edges { cursor node { slug } } } }`,
          { after },
        )
      ).body.data.models.edges;
    const first = await page(null);
    const second = await page(first[1].cursor as string);
    expect(second.map(({ node }: { node: { slug: string } }) => node.slug)).toEqual([
      'rank/c',
      'rank/d',
    ]);
  } finally {
    await own.stop();
  }
});

test('the trend counts each week for itself', async () => {
  const own = await startDemandRig();
  try {
    await addModel(own, 'trend/model');
    const ask = async (count: number) => {
      for (let n = 0; n < count; n++) await request(await own.caller(), { slug: 'trend/model' });
    };
    await ask(2);
    await own.skip(7);
    await ask(3);
    await own.skip(14);
    await ask(1);
    const { body } = await own.gql(DEMAND, { slug: 'trend/model' });
    const { weekly, lastWeek, weekBefore } = body.data.model.demand;
    expect(weekly).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 0, 1]);
    expect([lastWeek, weekBefore]).toEqual([1, 0]);
  } finally {
    await own.stop();
  }
});

test('the kept counts equal the requests, whatever happens to them', async () => {
  const slugs = ['count/a', 'count/b', 'count/c'];
  for (const slug of slugs) await addModel(t, slug);
  const callers = await Promise.all(Array.from({ length: 4 }, () => t.caller()));
  const seed = 7_202_611;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ who: fc.nat(3), model: fc.nat(2), withdraws: fc.boolean() }), {
        minLength: 1,
        maxLength: 12,
      }),
      async (acts) => {
        await Promise.all(
          acts.map(async ({ who, model, withdraws }) => {
            const caller = callers[who];
            const slug = slugs[model];
            if (caller === undefined || slug === undefined) return;
            const { id } = await request(caller, { slug });
            if (withdraws) {
              await caller.gql(
                'mutation ($id: ID!) { withdrawModelRequest(input: { id: $id }) { deletedModelRequestId userErrors { code message path details } } }',
                {
                  id,
                },
              );
            }
          }),
        );
        const wrong = await t.database.query(
          `SELECT m.slug FROM model m WHERE m.request_count <> (
             SELECT count(*) FROM model_request r WHERE r.model_id = m.id AND r.withdrawn_at IS NULL)`,
        );
        expect(wrong).toEqual([]);
      },
    ),
    { seed, numRuns: 15 },
  );
});

test('a page of the catalog with its demand is three statements', async () => {
  const counts: number[] = [];
  // Background work sends some of its own now and then.
  for (let turn = 0; turn < 5; turn++) {
    const before = t.app.metrics.statementCount();
    await t.gql(
      '{ models(first: 20) { totalCount edges { node { slug demand { requests rank weekly } } } } }',
    );
    counts.push(t.app.metrics.statementCount() - before);
  }
  expect(Math.min(...counts)).toBe(3);
});
