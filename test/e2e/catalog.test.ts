import { startTestApp, type TestApp } from '../support/app.js';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.stop());

test('x', async () => {
  const answer = await t.gql('{ models { totalCount edges { cursor node { slug about prices { nanosPerUnit } } } } }');
  expect(answer.body).toEqual({});
});
