import { type AuditResult, serverAudits } from 'graphql-http';
import { startTestApp, type TestApp } from '../support/app.js';

/**
 * The audits of GraphQL over HTTP, all of them. Accepted, with the reason:
 * 572B, FDE2, 7B9B: they ask for 200 where the answer is `application/json` and the request is refused;
 * Apollo says 400, as the standard allows (docs/decisions/0004).
 */
const NOTICES: readonly string[] = [];
const WARNINGS = ['572B', 'FDE2', '7B9B'];

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.stop());

const run = async (): Promise<AuditResult[]> => {
  const audits = serverAudits({ url: `${t.url}/graphql`, fetchFn: fetch });
  return Promise.all(audits.map(({ fn }) => fn()));
};
const ids = (results: AuditResult[], status: AuditResult['status']) =>
  results
    .filter((result) => result.status === status)
    .map(({ id }) => id)
    .sort();

test('no audit of GraphQL over HTTP ends in an error, and what is accepted is listed', async () => {
  const results = await run();
  expect(results.length).toBeGreaterThan(60);
  expect(ids(results, 'error')).toEqual([]);
  expect(ids(results, 'notice')).toEqual([...NOTICES].sort());
  expect(ids(results, 'warn')).toEqual([...WARNINGS].sort());
});

test('the audits find the same when the server knows their queries', async () => {
  const first = await run();
  const second = await run();
  expect(ids(second, 'ok')).toEqual(ids(first, 'ok'));
});
