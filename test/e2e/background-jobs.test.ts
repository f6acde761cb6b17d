import { type App, createApp } from '../../src/app/app.js';
import { readConfig } from '../../src/config/config.js';
import { codeOf, errorOf, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo, newOperator } from '../support/operators.js';
import type { Person } from '../support/people.js';
import { until } from '../support/process.js';

const outbox = temporaryFolder();
let t: TestApp;
let other: App;
let operator: Person;
beforeAll(async () => {
  t = await startTestApp({ seeded: false, config: mailTo(outbox.path) });
  operator = await newOperator(t, outbox.path);
  other = await createApp(readConfig({}), t.database.url, { logger: t.app.logger });
});
afterAll(async () => {
  await other.stop();
  await t.stop();
  outbox.remove();
});

const JOBS = `{ backgroundJobs { name everyMs servers { processId host pid startedAt lastStartedAt lastEndedAt
  durationMs turns failures failuresInRow lastError lastErrorAt nextTurnAt } } }`;
const RUN =
  'mutation ($name: String!) { runBackgroundJob(input: { name: $name }) { backgroundJob { name } userErrors { code message path details } } }';

interface Server {
  readonly processId: string;
  readonly turns: number;
  readonly failures: number;
  readonly failuresInRow: number;
  readonly lastError: string | null;
  readonly lastStartedAt: string | null;
  readonly nextTurnAt: string | null;
}
interface Job {
  readonly name: string;
  readonly servers: readonly Server[];
}
const jobs = async () => (await operator.gql(JOBS)).body.data.backgroundJobs as Job[];
const job = async (name: string) => (await jobs()).find((one) => one.name === name);

test('any server shows the work of all servers, with when it was done last and is next', async () => {
  const { servers } = await until('both servers', async () => {
    const found = await job('sweeping the ledger');
    const ready = found?.servers.filter(({ turns }) => turns > 0).length === 2;
    return ready ? found : undefined;
  });
  expect(new Set(servers.map(({ processId }) => processId)).size).toBe(2);
  const now = Date.now();
  for (const { lastStartedAt, nextTurnAt, failures } of servers) {
    expect(Math.abs(now - Date.parse(lastStartedAt ?? ''))).toBeLessThan(60_000);
    expect(Math.abs(now - Date.parse(nextTurnAt ?? ''))).toBeLessThan(60_000);
    expect(failures).toBe(0);
  }
  // One statement writes it all, every few seconds, however many turns there were.
  const rows = await t.database.query<{ n: number }>(
    'SELECT count(*)::int AS n FROM background_job GROUP BY process_id',
  );
  expect(rows.map(({ n }) => n)).toEqual(Array(2).fill((await jobs()).length));
});

test('a turn that fails is told with its error, and in the metrics', async () => {
  await t.database.query('ALTER TABLE upload RENAME TO upload_away');
  try {
    expect(codeOf(await operator.gql(RUN, { name: 'sweeping uploads' }))).toBeUndefined();
    const failed = await until('the failure on both servers', async () => {
      for (const { services } of [t.app, other]) await services.backgroundJobs.save();
      const found = await job('sweeping uploads');
      const failing = found?.servers.filter(({ failuresInRow }) => failuresInRow > 0);
      return failing?.length === 2 ? failing : undefined;
    });
    for (const { lastError } of failed) expect(lastError).toContain('upload');
  } finally {
    await t.database.query('ALTER TABLE upload_away RENAME TO upload');
  }
  await operator.gql(RUN, { name: 'sweeping uploads' });
  await until('the next turn', async () => {
    const metrics = await t.app.metrics.render();
    const value = (line: string) =>
      Number(new RegExp(`^${line.replace(/[{}"]/g, '\\$&')} (\\S+)$`, 'm').exec(metrics)?.[1]);
    const labels = `{work="sweeping uploads"}`;
    expect(
      value(`gigarouter_background_turns_total{work="sweeping uploads",outcome="error"}`),
    ).toBeGreaterThan(0);
    expect(value(`gigarouter_background_seconds_total${labels}`)).toBeGreaterThan(0);
    return value(`gigarouter_background_failures_in_row${labels}`) === 0 ? true : undefined;
  });
});

test('a turn that is asked for begins at once, also on another server than the one that was asked', async () => {
  // Its own time comes once a minute.
  const before = other.services.backgroundJobs.counts.find(({ name }) => name === 'usage reports');
  const turns = before?.turns ?? 0;
  expect(codeOf(await operator.gql(RUN, { name: 'usage reports' }))).toBeUndefined();
  await until('a turn on the other server', () =>
    (before?.turns ?? 0) > turns ? true : undefined,
  );
  const log = await t.database.query(
    `SELECT target FROM audit_event WHERE action = 'background.run' AND target = 'usage reports'`,
  );
  expect(log).toHaveLength(1);
});

test('work that there is none of is refused with the names of what there is', async () => {
  for (const name of ['', 'nothing', 'a\0', 'x'.repeat(10_000)]) {
    const { body } = await operator.gql(RUN, { name });
    expect(codeOf({ body })).toBe('NOT_FOUND');
    expect(errorOf({ body })?.message).toContain('"sweeping the ledger"');
  }
});

test('a server that stops is gone at once, one that was killed after a minute', async () => {
  const third = await createApp(readConfig({}), t.database.url, { logger: t.app.logger });
  await until('three servers', async () =>
    (await job('refunds'))?.servers.length === 3 ? true : undefined,
  );
  await third.stop();
  expect((await job('refunds'))?.servers).toHaveLength(2);
  await t.database.query(
    `INSERT INTO background_job (process_id, name, host, pid, every_ms, started_at, updated_at)
     VALUES ('proc_killed', 'refunds', 'x', 1, 1, now(), now() - interval '61 s'),
            ('proc_long_ago', 'refunds', 'x', 1, 1, now(), now() - interval '2 h')`,
  );
  expect((await job('refunds'))?.servers).toHaveLength(2);
  await t.app.services.backgroundJobs.save();
  const left = await t.database.query(`SELECT process_id FROM background_job WHERE host = 'x'`);
  expect(left).toEqual([{ process_id: 'proc_killed' }]);
});
