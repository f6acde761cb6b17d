import { cpSync } from 'node:fs';
import path from 'node:path';
import { readConfig } from '../../src/config/config.js';
import { applyMigrations, seedCatalogFolder } from '../../src/app/startup.js';
import { keysOn } from '../support/keys.js';
import { CreditsService } from '../../src/credits/credits.service.js';
import { anonymous, SCOPES } from '../../src/platform/actor.js';
import { type Database, openDatabase } from '../../src/platform/database.js';
import { newId } from '../../src/platform/ids.js';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/index.js';
import { compile } from '../../src/siglip/index.js';
import { type GraphQLAnswer, postGraphQL } from '../support/app.js';
import { POINTS, type Rig, startRig, VICTIMS } from '../support/chaos.js';
import { temporaryFolder } from '../support/folder.js';
import { bearer, DEMO_MODEL } from '../support/platform.js';
import { killLeftServers, until } from '../support/process.js';

/** Each seed is a point, a victim and a moment: the first fifteen are all pairs. `npm run test:kill` runs 200. */
const SEEDS = Number(process.env.KILL_SEEDS ?? VICTIMS.length * POINTS.length);
const FIRST_SEED = Number(process.env.KILL_FIRST_SEED ?? 0);
const CALLS = 4;
const CREDIT = 10_000_000n;
/** Of the demo model, for one text. */
const PRICE = 100_000n;

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
  rig = await startRig(dataDir, modelsDir);
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

const EMBED = `mutation ($text: String!, $key: String!) {
  embedTexts(input: { model: "${DEMO_MODEL}", texts: [$text], idempotencyKey: $key }) {
    runId vectors
    cost { chargedNanos originalNanos }
    userErrors { code message path details }
  }
}`;

interface Embedded {
  readonly runId: string;
  readonly vectors: number[][];
  readonly cost: { readonly chargedNanos: string; readonly originalNanos: string | null };
}

test.each(
  Array.from({ length: SEEDS }, (_, n) => {
    const seed = FIRST_SEED + n;
    const point = POINTS[seed % POINTS.length] ?? POINTS[0];
    const victim = VICTIMS[Math.floor(seed / POINTS.length) % VICTIMS.length] ?? VICTIMS[0];
    return [seed, victim, point] as const;
  }),
)('seed %i: the %s is killed %s, and each call has one effect', async (seed, victim, point) => {
  const caller = await newCaller();
  const ask = (n: number): Promise<Embedded | undefined> =>
    postGraphQL(
      rig.apiUrl,
      {
        query: EMBED,
        variables: { text: `seed ${String(seed)} text ${String(n)}`, key: `call-${String(n)}` },
      },
      bearer(caller.secret),
    ).then(
      ({ body }: GraphQLAnswer) => (body.data?.embedTexts ?? undefined) as Embedded | undefined,
      // The connection broke off.
      () => undefined,
    );

  const nth = 1 + (Math.floor(seed / (VICTIMS.length * POINTS.length)) % CALLS);
  const fired = rig.arm(point, victim, nth);
  const first = await Promise.all(Array.from({ length: CALLS }, (_, n) => ask(n)));
  // Calls that were committed together pass a point together.
  if (nth === 1) expect(fired()).toBe(true);
  else if (!fired()) expect(first.every((answer) => answer !== undefined)).toBe(true);
  await rig.repair();

  const second = await Promise.all(
    Array.from({ length: CALLS }, (_, n) => until(`an answer to call ${String(n)}`, () => ask(n))),
  );
  for (const [n, answer] of first.entries()) {
    // What was answered once stays the answer, and costs nothing again.
    if (answer === undefined) continue;
    const cost = { chargedNanos: '0', originalNanos: answer.cost.chargedNanos };
    expect(second[n]).toEqual({ ...answer, cost });
  }
  const runs = await db.query<{ idempotency_key: string; charged: string; id: string }>(
    `SELECT id, idempotency_key, charged FROM run WHERE account_id = $1 AND outcome = 'CAPTURED'`,
    [caller.accountId],
  );
  expect(runs.map(({ idempotency_key }) => idempotency_key).sort()).toEqual(
    Array.from({ length: CALLS }, (_, n) => `call-${String(n)}`),
  );
  expect(runs.map(({ id }) => id).sort()).toEqual(second.map(({ runId }) => runId).sort());
  // Nothing where the text had been run, and was kept, when the call came to nothing.
  for (const { charged } of runs) expect([0n, PRICE]).toContain(BigInt(charged));
  const charged = runs.reduce((sum, run) => sum + BigInt(run.charged), 0n);
  await until('what was left to be settled', async () => {
    const { heldNanos } = await credits.balance(caller.accountId);
    return heldNanos === 0n ? true : undefined;
  });
  expect((await credits.balance(caller.accountId)).postedNanos).toBe(CREDIT - charged);
  expect((await credits.verify()).filter(({ broken }) => broken > 0n)).toEqual([]);
});

async function newCaller() {
  const accountId = newId('acct');
  await db.query(`INSERT INTO account (id, kind, name) VALUES ($1, 'PERSONAL', 'test')`, [
    accountId,
  ]);
  await credits.grant({ accountId, nanos: CREDIT, reason: 'test', actor: 'system' });
  const actor = { ...anonymous('127.0.0.1'), accountId, scopes: new Set(SCOPES) };
  const keys = keysOn(db);
  const { secret } = await keys.create(actor, accountId, { name: 'k', scopes: ['INFERENCE'] });
  return { accountId, secret };
}
