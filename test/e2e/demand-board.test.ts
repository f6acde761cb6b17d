import { addModel, codeOf, type DemandRig, request, startDemandRig } from '../support/demand.js';

let t: DemandRig;
beforeAll(async () => {
  t = await startDemandRig();
});
afterAll(() => t.stop());

const BOARD = `query ($first: Int!, $after: String) { demandBoard(first: $first, after: $after) {
  nodes { requests weight monthlyVolume boughtNanos contactable stage model { slug } }
  pageInfo { hasNextPage endCursor } } }`;
const ENTRY = `requests stage expectedOn earlyAccessCount launchCreditNanos launchCreditCount
  comments { text userId } model { slug status aliases }`;
const operate = async (field: string, args: string, variables: object) => {
  const answer = await t.operator.gql(
    `mutation (${args}) { ${field} { entry { ${ENTRY} } userErrors { code message path details } } }`,
    variables as Record<string, unknown>,
  );
  return { answer, entry: answer.body.data?.[field.slice(0, field.indexOf('('))]?.entry };
};
const plan = (modelId: string, input: object) =>
  operate('planModel(input: $input)', '$input: PlanModelInput!', { input: { modelId, ...input } });
const comment = (modelId: string, text: string) =>
  operate(
    'commentOnModel(input: { modelId: $modelId, text: $text })',
    '$modelId: ID!, $text: String!',
    {
      modelId,
      text,
    },
  );
const accept = (modelId: string) =>
  operate('acceptProposedModel(input: { modelId: $modelId })', '$modelId: ID!', { modelId });
const merge = (goneId: string, intoId: string) =>
  operate(
    'mergeModels(input: { goneId: $goneId, intoId: $intoId })',
    '$goneId: ID!, $intoId: ID!',
    {
      goneId,
      intoId,
    },
  );

test('the board weighs what was stated and what was bought', async () => {
  const own = await startDemandRig();
  try {
    await addModel(own, 'weigh/many');
    await addModel(own, 'weigh/rich');
    for (let n = 0; n < 3; n++) await request(await own.caller(), { slug: 'weigh/many' });
    const rich = await own.caller();
    await request(rich, { slug: 'weigh/rich', monthlyVolume: 999_999, isContactAllowed: false });
    await own.database.query(
      `INSERT INTO purchase (id, account_id, provider, kind, state, credit_nanos, amount_minor, currency, actor, expires_at)
       VALUES ('pur_x', $1, 'double', 'CHECKOUT', 'PAID', 99000000000, 9900, 'usd', 'system', now()),
              ('pur_y', $1, 'double', 'CHECKOUT', 'PENDING', 99000000000, 9900, 'usd', 'system', now())`,
      [rich.accountId],
    );
    const { body } = await own.operator.gql(BOARD, { first: 2 });
    expect(body.data.demandBoard.nodes).toEqual([
      // 1 + log10(10^6) + log10(100)
      {
        requests: 1,
        weight: 9,
        monthlyVolume: 999_999,
        boughtNanos: '99000000000',
        contactable: 0,
        stage: 'REQUESTED',
        model: { slug: 'weigh/rich' },
      },
      {
        requests: 3,
        weight: 3,
        monthlyVolume: 0,
        boughtNanos: '0',
        contactable: 3,
        stage: 'REQUESTED',
        model: { slug: 'weigh/many' },
      },
    ]);
  } finally {
    await own.stop();
  }
});

test('the board is read page by page, each model once', async () => {
  const seen: string[] = [];
  let after: string | null = null;
  do {
    const { body } = await t.operator.gql(BOARD, { first: 7, after });
    const { nodes, pageInfo } = body.data.demandBoard;
    seen.push(...nodes.map(({ model }: { model: { slug: string } }) => model.slug));
    after = pageInfo.hasNextPage ? (pageInfo.endCursor as string) : null;
  } while (after !== null);
  const open = await t.database.query(
    `SELECT FROM model WHERE status IN ('PROPOSED', 'COMING_SOON')`,
  );
  expect([seen.length, new Set(seen).size]).toEqual([open.length, open.length]);
  const foreign = await t.operator.gql(BOARD, { first: 1, after: 'x' });
  expect(codeOf(foreign)).toBe('BAD_USER_INPUT');
});

test('a plan is public as far as it concerns everybody, and audited', async () => {
  const id = await addModel(t, 'plan/model');
  const { entry } = await plan(id, { stage: 'BENCHMARKING', expectedOn: '2027-03' });
  expect(entry).toMatchObject({ stage: 'BENCHMARKING', expectedOn: '2027-03' });
  expect((await plan(id, { earlyAccessCount: 5 })).entry).toMatchObject({
    stage: 'BENCHMARKING',
    expectedOn: '2027-03',
    earlyAccessCount: 5,
  });
  expect((await plan(id, { expectedOn: null })).entry.expectedOn).toBeNull();
  const { body } = await t.gql('{ model(slug: "plan/model") { demand { stage expectedOn } } }');
  expect(body.data.model.demand).toEqual({ stage: 'BENCHMARKING', expectedOn: null });
  const audited = await t.database.query(
    `SELECT details FROM audit_event WHERE action = 'demand.planned' AND target = $1 ORDER BY id`,
    [id],
  );
  expect(audited.map(({ details }) => details as object)).toEqual([
    { stage: 'BENCHMARKING', expectedOn: '2027-03' },
    { earlyAccessCount: '5' },
    { expectedOn: 'null' },
  ]);
});

test.each([
  ['a date that is none', { expectedOn: 'soon' }],
  ['a 13th month', { expectedOn: '2027-13' }],
  ['a count below 0', { earlyAccessCount: -1 }],
  ['too much credit', { launchCreditNanos: '1000000000001' }],
  ['credit below 0', { launchCreditNanos: '-1' }],
])('a plan with %s is refused', async (_what, input) => {
  const id = await addModel(t, `bad/${_what}`);
  expect(codeOf((await plan(id, input)).answer)).toBe('BAD_USER_INPUT');
});

test('comments stand on the board, newest first', async () => {
  const id = await addModel(t, 'comment/model');
  await comment(id, 'First');
  const { entry } = await comment(id, ' Second ');
  expect(entry.comments.map(({ text }: { text: string }) => text)).toEqual(['Second', 'First']);
  expect(codeOf((await comment(id, ' ')).answer)).toBe('BAD_USER_INPUT');
  expect(codeOf((await comment(id, 'x'.repeat(2_001))).answer)).toBe('BAD_USER_INPUT');
});

test('a proposal that is accepted is coming soon; nothing else is accepted', async () => {
  const { model } = await request(await t.caller(), { slug: 'accept/me' });
  const { entry } = await accept(model.id as string);
  expect(entry.model).toMatchObject({ slug: 'accept/me', status: 'COMING_SOON' });
  expect(codeOf((await accept(model.id as string)).answer)).toBe('CONFLICT');
});

test('merging moves requests, comments and slugs, and counts nobody twice', async () => {
  const [both, one] = [await t.caller(), await t.caller()];
  const gone = await request(both, { slug: 'merge/gone', monthlyVolume: 7, useCase: 'old' });
  await t.skip(0.001);
  await request(one, { slug: 'merge/gone' });
  const intoId = await addModel(t, 'merge/into');
  await t.skip(0.001);
  const kept = await request(both, { slug: 'merge/into', monthlyVolume: 3 });
  await comment(gone.model.id as string, 'A duplicate?');
  const { entry } = await merge(gone.model.id as string, intoId);
  expect(entry).toMatchObject({
    requests: 2,
    comments: [{ text: 'A duplicate?' }],
    model: { slug: 'merge/into', aliases: ['merge/gone'] },
  });
  const { body } = await both.gql(
    '{ account { modelRequests(first: 1) { edges { node { id useCase monthlyVolume place } } } } }',
  );
  expect(body.data.account.modelRequests.edges[0].node).toEqual({
    id: kept.id,
    useCase: 'old',
    monthlyVolume: 7,
    place: 1,
  });
  // Whoever asks by the old name asks for the one that stayed.
  expect((await request(await t.caller(), { slug: 'Merge/Gone' })).model.id).toBe(intoId);
});

test('whoever asks while two entries are merged is counted at the one that stays', async () => {
  const goneId = await addModel(t, 'race/gone', 'PROPOSED');
  const intoId = await addModel(t, 'race/into');
  const callers = await Promise.all(Array.from({ length: 12 }, () => t.caller()));
  const [, ...asked] = await Promise.all([
    merge(goneId, intoId),
    ...callers.map((caller, n) =>
      request(caller, { slug: n % 2 === 0 ? 'race/gone' : 'RACE/Gone' }),
    ),
  ]);
  expect(asked).toHaveLength(12);
  const { body } = await t.gql('{ model(slug: "race/into") { demand { requests } } }');
  expect(body.data.model.demand.requests).toBe(12);
  expect(await t.database.query(`SELECT slug FROM model WHERE lower(slug) = 'race/gone'`)).toEqual(
    [],
  );
});

test('what has prices, is live, or is the same one, is not merged away', async () => {
  const intoId = await addModel(t, 'stay/into');
  const live = await addModel(t, 'stay/live', 'LIVE');
  const [seeded] = await t.database.query<{ id: string }>(
    `SELECT id FROM model WHERE status = 'COMING_SOON' AND slug LIKE 'google/%' LIMIT 1`,
  );
  expect(codeOf((await merge(live, intoId)).answer)).toBe('CONFLICT');
  expect(codeOf((await merge(seeded?.id ?? '', intoId)).answer)).toBe('CONFLICT');
  expect(codeOf((await merge(intoId, intoId)).answer)).toBe('BAD_USER_INPUT');
  expect(codeOf((await merge('mdl_none', intoId)).answer)).toBe('NOT_FOUND');
});

test.each(['mdl_none', '', 'x\0', 'mdl_'.repeat(1_000)])('no model has the id %j', async (id) => {
  expect(codeOf((await plan(id, {})).answer)).toBe('NOT_FOUND');
  expect(codeOf((await comment(id, 'x')).answer)).toBe('NOT_FOUND');
  expect(codeOf((await accept(id)).answer)).toBe('NOT_FOUND');
});

test('an operator sees who asks for a model, in order; a member sees nothing of it', async () => {
  const id = await addModel(t, 'who/asks');
  const callers = [await t.caller(), await t.caller(), await t.caller()];
  for (const caller of callers) {
    await request(caller, { slug: 'who/asks', useCase: 'secret' });
    await t.skip(0.001);
  }
  const query = `query ($id: ID!, $first: Int!, $after: String) {
    requestsForModel(modelId: $id, first: $first, after: $after) {
      edges { cursor node { accountId useCase place } } pageInfo { hasNextPage } } }`;
  const { body } = await t.operator.gql(query, { id, first: 2 });
  const { edges, pageInfo } = body.data.requestsForModel;
  expect(edges.map(({ node }: { node: object }) => node)).toEqual([
    { accountId: callers[0]?.accountId, useCase: 'secret', place: 1 },
    { accountId: callers[1]?.accountId, useCase: 'secret', place: 2 },
  ]);
  expect(pageInfo.hasNextPage).toBe(true);
  const rest = await t.operator.gql(query, { id, first: 2, after: edges[1].cursor as string });
  expect(rest.body.data.requestsForModel.edges).toHaveLength(1);
  const member = await t.person('member@example.org');
  expect(codeOf(await member.gql(query, { id, first: 2 }))).toBe('FORBIDDEN');
});
