import { cpSync } from 'node:fs';
import path from 'node:path';
import type OpenAI from 'openai';
import { keysOn } from '../support/keys.js';
import { applyMigrations, seedCatalogFolder } from '../../src/app/startup.js';
import { readConfig } from '../../src/config/config.js';
import { CreditsService } from '../../src/credits/credits.service.js';
import { anonymous, SCOPES } from '../../src/platform/actor.js';
import { type Database, openDatabase } from '../../src/platform/database.js';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/index.js';
import { type AccountId, newId } from '../../src/platform/ids.js';
import { compile } from '../../src/siglip/index.js';
import {
  answersIn,
  classifyLines,
  clientOf,
  createBatch,
  DOLLAR,
  ended,
  LINE,
  uploadLines,
  verifyBatches,
} from '../support/batches.js';
import { type Point, POINTS, type Rig, startRig, type Victim } from '../support/chaos.js';
import { temporaryFolder } from '../support/folder.js';
import { DEMO_MODEL } from '../support/platform.js';
import { killLeftServers, until } from '../support/process.js';
import { Random } from '../support/random.js';

const CLASSIFY = '/v1/classify';
const LINES = 12;

const folder = temporaryFolder();
let rig: Rig;
let db: Database;
let credits: CreditsService;
beforeAll(async () => {
  const modelsDir = path.join(folder.path, 'models');
  const model = path.join(modelsDir, DEMO_MODEL);
  cpSync(path.resolve('models/demo-shapes'), model, { recursive: true });
  await compile(model, { int8: false });
  const dataDir = path.join(folder.path, 'data');
  const postgres = await startEmbeddedPostgres(dataDir);
  await applyMigrations(readConfig({}), postgres.url, () => undefined);
  await seedCatalogFolder(readConfig({}), postgres.url, () => undefined);
  // Nothing is kept, so that each run of a line costs the same.
  const env = { DATA_DIR: path.join(folder.path, 'api'), TEXT_CACHE_MB: '0', IMAGE_CACHE_MB: '0' };
  rig = await startRig(dataDir, modelsDir, env);
  db = openDatabase({
    url: rig.databaseUrl,
    connectionsMax: 4,
    statementTimeoutMs: 60_000,
    connectTimeoutMs: 60_000,
  });
  credits = new CreditsService(db);
});
afterAll(async () => {
  await db.close();
  await rig.stop();
  await killLeftServers();
  folder.remove();
});

interface Customer {
  readonly accountId: AccountId;
  /** Of the server that runs now. */
  client(): OpenAI;
}

async function newCustomer(): Promise<Customer> {
  const accountId = newId('acct');
  await db.query(`INSERT INTO account (id, kind, name) VALUES ($1, 'PERSONAL', 'test')`, [
    accountId,
  ]);
  await credits.grant({ accountId, nanos: DOLLAR, reason: 'test', actor: 'system' });
  const owner = { ...anonymous('127.0.0.1'), accountId, scopes: new Set(SCOPES) };
  const keys = keysOn(db);
  const { secret } = await keys.create(owner, accountId, { name: 'k', scopes: ['INFERENCE'] });
  return { accountId, client: () => clientOf(rig.apiUrl, { secret }) };
}

/** Each line was answered, and charged once; nothing else was. */
async function expectAllOnce({ accountId, client }: Customer, id: string): Promise<void> {
  const batch = await ended(client(), id);
  expect(batch).toMatchObject({
    status: 'completed',
    request_counts: { total: LINES, completed: LINES, failed: 0 },
  });
  const answers = await answersIn(client(), batch.output_file_id);
  expect([...answers.keys()]).toEqual(Array.from({ length: LINES }, (_, n) => `line-${String(n)}`));
  const runs = await db.query<{ id: string; charged: bigint }>(
    `SELECT id, charged FROM run WHERE account_id = $1 AND outcome = 'CAPTURED'`,
    [accountId],
  );
  expect(runs.map((run) => run.id).sort()).toEqual(
    [...answers.values()].map(({ response }) => response?.request_id).sort(),
  );
  for (const { charged } of runs) expect(charged).toBe(LINE);
  expect(await credits.balance(accountId)).toMatchObject({
    postedNanos: DOLLAR - BigInt(LINES) * LINE,
    heldNanos: 0n,
  });
  await verifyBatches(db);
}

const KILLS: readonly (readonly [Victim, Point])[] = [
  ...POINTS.map((point) => ['api', point] as const),
  ...POINTS.map((point) => ['postgres', point] as const),
  ['predictor', 'during inference'],
];

test.each(KILLS.map(([victim, point], n) => [victim, point, 1 + ((n * 2) % 5)] as const))(
  'the %s is killed %s, the %ith time, and each line is charged once',
  async (victim, point, nth) => {
    const customer = await newCustomer();
    const input = await uploadLines(customer.client(), classifyLines(LINES));
    const fired = rig.arm(point, victim, nth);
    const made = await createBatch(customer.client(), CLASSIFY, input);
    await until(`the ${victim} to be killed`, () => (fired() ? true : undefined));
    await rig.repair();
    await expectAllOnce(customer, made.id);
  },
);

test.each([1, 2])('seed %i: killed again and again, at any moment, it goes on', async (seed) => {
  const random = new Random(seed);
  const customer = await newCustomer();
  const input = await uploadLines(customer.client(), classifyLines(LINES));
  const made = await createBatch(customer.client(), CLASSIFY, input);
  // Fewer than a line has tries: on a slow machine the same lines may be in hand at each kill.
  for (let kills = 0; kills < 3; kills++) {
    const pauseMs = random.int(0, 2_500);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    rig.kill('api');
    await rig.repair();
  }
  await expectAllOnce(customer, made.id);
});

/** What the statements of a batch that is being made carry. */
const HOLDS = '"amount":"';
const COMMIT = 'COMMIT';

test.each([
  ['before its credit is held', HOLDS, 'to', false],
  ['when its credit is held', HOLDS, 'from', false],
  ['before it is committed', COMMIT, 'to', false],
  ['when it was committed', COMMIT, 'from', true],
] as const)(
  'the api is killed while a batch is made, %s: it is there whole or not at all',
  async (_when, statement, way, isMade) => {
    const customer = await newCustomer();
    const client = customer.client();
    const input = await uploadLines(client, classifyLines(LINES));
    let holds = false;
    let sent = false;
    let killed = false;
    const kill = () => {
      killed = true;
      rig.kill('api');
      return false;
    };
    rig.toPostgres.hooks = {
      toServer: (bytes) => {
        holds ||= bytes.includes(HOLDS);
        if (killed || !holds || !bytes.includes(statement)) return true;
        if (way === 'to') return kill();
        sent = true;
        return true;
      },
      toClient: () => (sent && !killed ? kill() : true),
    };
    const headers = { 'Idempotency-Key': 'nightly' };
    await expect(createBatch(client, CLASSIFY, input, { headers })).rejects.toThrow();
    await rig.repair();
    const found = (await customer.client().batches.list()).data.map(({ id }) => id);
    expect(found).toHaveLength(isMade ? 1 : 0);
    const { heldNanos, postedNanos } = await credits.balance(customer.accountId);
    if (!isMade) expect([heldNanos, postedNanos]).toEqual([0n, DOLLAR]);
    const again = await createBatch(customer.client(), CLASSIFY, input, { headers });
    if (isMade) expect(again.id).toBe(found[0]);
    await expectAllOnce(customer, again.id);
  },
);
