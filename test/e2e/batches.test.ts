import OpenAI from 'openai';
import {
  answersIn,
  type BatchPlatform,
  classifyLine,
  classifyLines,
  createBatch,
  DOLLAR,
  EMBEDDING,
  type Endpoint,
  ended,
  IMAGE,
  LINE,
  lineOf,
  startBatchPlatform,
  uniquePicture,
  uploadLines,
  usd,
  type WireBatch,
} from '../support/batches.js';
import { DEMO_MODEL } from '../support/platform.js';

let t: BatchPlatform;
beforeAll(async () => {
  t = await startBatchPlatform();
});
afterEach(() => t.verify());
afterAll(() => t.stop());

test('images in every form are answered in order, held at submission and charged as they ran, at half the price', async () => {
  const { caller, client } = await t.customer();
  const picture = await client.files.create({
    file: await OpenAI.toFile(Buffer.from(uniquePicture('red-circle.png'), 'base64'), 'circle.png'),
    purpose: 'vision',
  });
  const input = await uploadLines(client, [
    classifyLine('base64'),
    '',
    classifyLine('data URL', {
      input: `data:image/png;base64,${uniquePicture('red-circle.png')}`,
    }),
    classifyLine('two, one by its id', { input: [picture.id, uniquePicture()] }),
  ]);
  const made = await createBatch(client, '/v1/classify', input, { metadata: { run: 'first' } });
  expect(made).toMatchObject({
    object: 'batch',
    endpoint: '/v1/classify',
    status: 'in_progress',
    input_file_id: input,
    completion_window: '24h',
    metadata: { run: 'first' },
    errors: null,
    request_counts: { total: 3, completed: 0, failed: 0 },
    cost: { held: usd(3n * LINE + IMAGE), charged: 0 },
  });
  expect(made.expires_at).toBe(made.created_at + 86_400);

  const batch = await ended(client, made.id);
  expect(batch).toMatchObject({
    status: 'completed',
    error_file_id: null,
    request_counts: { total: 3, completed: 3, failed: 0 },
    cost: { held: 0, charged: usd(3n * LINE + IMAGE) },
  });
  expect(await t.money(caller)).toEqual({
    posted: DOLLAR - 3n * LINE - IMAGE,
    held: 0n,
  });
  const answers = await answersIn(client, batch.output_file_id);
  expect([...answers.keys()]).toEqual(['base64', 'data URL', 'two, one by its id']);
  const best = [...answers.values()].map(({ response }) =>
    response?.body.data.map(({ label }: { label: string }) => label),
  );
  expect(best).toEqual([['green heart'], ['red circle'], ['red circle', 'green heart']]);
  for (const { response, id, error } of answers.values()) {
    expect([response?.status_code, error]).toEqual([200, null]);
    const run = (
      await caller.gql(
        `{ run: node(id: "${response?.request_id ?? ''}") { ... on Run { status tier units { unit nanosPerUnit ran } } } }`,
      )
    ).body.data.run;
    expect(run).toMatchObject({ status: 'SUCCEEDED', tier: 'BATCH' });
    expect(run.units).toContainEqual({ unit: 'LABEL_TEXT', nanosPerUnit: '5000', ran: 2 });
    expect(id).toMatch(/^batch_req_/);
  }
  const usage = answers.get('base64')?.response?.body.usage;
  expect(usage.cost).toBe(usd(LINE));
});

test('embeddings and chat answer as their routes do', async () => {
  const { caller, client } = await t.customer();
  const answersTo = async (endpoint: Endpoint, bodies: readonly object[]) => {
    const lines = bodies.map((body, n) => lineOf(String(n), endpoint, body));
    const made = await createBatch(client, endpoint, await uploadLines(client, lines));
    const { output_file_id: output } = await ended(client, made.id);
    const answers = await answersIn(client, output);
    return { held: made.cost.held, bodies: [...answers.values()].map((one) => one.response?.body) };
  };
  const question = [
    { type: 'text', text: 'Which is it: red circle or green heart?' },
    { type: 'image_url', image_url: { url: `data:image/png;base64,${uniquePicture()}` } },
  ];
  const chat = await answersTo('/v1/chat/completions', [
    { model: DEMO_MODEL, messages: [{ role: 'user', content: question }] },
  ]);
  expect(chat.held).toBe(usd(LINE));
  expect(chat.bodies[0].choices[0].message.content).toBe('green heart');

  const embeddings = await answersTo('/v1/embeddings', [
    { model: DEMO_MODEL, input: ['a red circle', { image: uniquePicture() }] },
    {
      model: DEMO_MODEL,
      input: ['a green heart', { image: uniquePicture() }],
      encoding_format: 'base64',
      dimensions: 8,
    },
  ]);
  expect(embeddings.held).toBe(usd(4n * EMBEDDING));
  const direct = await client.embeddings.create({ model: DEMO_MODEL, input: 'a red circle' });
  const [floats, base64] = embeddings.bodies;
  // To the last bits: what a predictor runs together depends on the moment, and its kernels on how many rows there are.
  const differences = (direct.data[0]?.embedding ?? []).map((value, at) =>
    Math.abs(value - Number(floats.data[0].embedding[at])),
  );
  expect(differences).toHaveLength(floats.data[0].embedding.length);
  expect(Math.max(...differences)).toBeLessThan(1e-6);
  expect(Buffer.from(base64.data[1].embedding, 'base64')).toHaveLength(32);
  const directly = 2n * EMBEDDING;
  expect(await t.money(caller)).toEqual({
    posted: DOLLAR - LINE - 4n * EMBEDDING - directly,
    held: 0n,
  });
});

test('a line whose call fails is free, and stands in the error file as its route would answer', async () => {
  const { caller, client } = await t.customer();
  const input = await uploadLines(client, [
    classifyLine('good'),
    classifyLine('no picture', { input: 'AAAA' }),
    classifyLine('nobody is there', { input: 'https://192.0.2.1/x.png' }),
  ]);
  const made = await createBatch(client, '/v1/classify', input);
  expect(made.cost.held).toBe(usd(3n * LINE));
  const batch = await ended(client, made.id);
  expect(batch).toMatchObject({
    status: 'completed',
    request_counts: { total: 3, completed: 1, failed: 2 },
    cost: { held: 0, charged: usd(LINE) },
  });
  expect([...(await answersIn(client, batch.output_file_id)).keys()]).toEqual(['good']);
  const failed = await answersIn(client, batch.error_file_id);
  expect([...failed.keys()]).toEqual(['no picture', 'nobody is there']);
  expect(failed.get('no picture')).toMatchObject({
    response: { status_code: 415, body: { error: { type: 'invalid_request_error' } } },
    error: null,
  });
  expect(failed.get('nobody is there')?.response?.status_code).toBe(400);
  expect(await t.money(caller)).toEqual({ posted: DOLLAR - LINE, held: 0n });
});

test('a batch that the credit does not cover, by one nano-dollar, is refused and holds nothing', async () => {
  const { caller, client } = await t.customer(3n * LINE - 1n);
  const input = await uploadLines(client, classifyLines(3));
  await expect(createBatch(client, '/v1/classify', input)).rejects.toMatchObject({
    status: 402,
    type: 'insufficient_quota',
  });
  expect(await t.money(caller)).toEqual({ posted: 3n * LINE - 1n, held: 0n });
  expect((await client.batches.list()).data).toEqual([]);
  await t.app.services.credits.grant({
    accountId: caller.accountId,
    nanos: 1n,
    reason: 'test',
    actor: 'system',
  });
  expect((await ended(client, (await createBatch(client, '/v1/classify', input)).id)).status).toBe(
    'completed',
  );
  expect((await t.money(caller)).posted).toBe(0n);
});

test('of eight at once, exactly as many are taken as the credit covers', async () => {
  const credit = 3n * 20n * LINE + LINE;
  const { caller, client } = await t.customer(credit);
  const input = await uploadLines(client, classifyLines(20));
  const made = await Promise.allSettled(
    Array.from({ length: 8 }, () => createBatch(client, '/v1/classify', input)),
  );
  const taken = made.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  expect(taken).toHaveLength(3);
  let charged = 0n;
  for (const { id } of taken) {
    const { status, cost } = await ended(client, id);
    expect(status).toBe('completed');
    // Equal lines that run at the same moment run once.
    charged += BigInt(Math.round(cost.charged * 1e9));
  }
  expect(await t.money(caller)).toEqual({ posted: credit - charged, held: 0n });
});

test('the same idempotency key makes one batch, however often and at once it is sent', async () => {
  const { caller, client } = await t.customer();
  const input = await uploadLines(client, classifyLines(2));
  const headers = { 'Idempotency-Key': 'nightly' };
  const made = await Promise.all(
    Array.from({ length: 5 }, () => createBatch(client, '/v1/classify', input, { headers })),
  );
  expect(new Set(made.map(({ id }) => id)).size).toBe(1);
  await ended(client, made[0]?.id ?? '');
  const again = await createBatch(client, '/v1/classify', input, { headers });
  expect([again.id, again.status]).toEqual([made[0]?.id, 'completed']);
  await expect(
    createBatch(client, '/v1/classify', input, { headers, metadata: { other: 'request' } }),
  ).rejects.toMatchObject({ status: 422, code: 'idempotency_mismatch' });
  expect((await t.money(caller)).posted).toBe(DOLLAR - 2n * LINE);
  expect((await client.batches.list()).data).toHaveLength(1);
});

test('a key’s spend cap counts what a batch holds', async () => {
  const { client } = await t.customer(DOLLAR, { spendCapNanos: 2n * LINE });
  const three = await uploadLines(client, classifyLines(3));
  await expect(createBatch(client, '/v1/classify', three)).rejects.toMatchObject({ status: 402 });
  const two = await createBatch(
    client,
    '/v1/classify',
    await uploadLines(client, classifyLines(2)),
  );
  expect((await ended(client, two.id)).status).toBe('completed');
});

test('an account sees its own batches, page by page, newest first', async () => {
  const { client } = await t.customer();
  const input = await uploadLines(client, classifyLines(1));
  const made: WireBatch[] = [];
  for (let n = 0; n < 5; n++) made.push(await createBatch(client, '/v1/classify', input));
  const ids: string[] = [];
  for await (const { id } of client.batches.list({ limit: 2 })) ids.push(id);
  expect(ids).toEqual(made.map(({ id }) => id).reverse());
  const { data } = await client.batches.list({ limit: 2 });
  expect(data).toHaveLength(2);
  await Promise.all(made.map(({ id }) => ended(client, id)));
});

test('another account sees and stops nothing of it', async () => {
  const { client } = await t.customer();
  const { client: stranger } = await t.customer();
  const input = await uploadLines(client, classifyLines(1));
  const batch = await ended(client, (await createBatch(client, '/v1/classify', input)).id);
  const output = batch.output_file_id ?? '';
  const attempts = [
    () => stranger.batches.retrieve(batch.id),
    () => stranger.batches.cancel(batch.id),
    () => stranger.files.retrieve(output),
    () => stranger.files.content(output),
    () => stranger.files.delete(output),
    () => stranger.files.content(input),
    () => createBatch(stranger, '/v1/classify', input),
  ];
  for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ status: 404 });
  expect((await stranger.batches.list()).data).toEqual([]);
  expect((await stranger.files.list()).data).toEqual([]);
});
