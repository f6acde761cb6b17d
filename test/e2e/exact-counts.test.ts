import { codeOf, postGraphQL } from '../support/app.js';
import { bearer, DEMO_MODEL, startPlatform, type TestPlatform } from '../support/platform.js';
import { killLeftServers, startServer } from '../support/process.js';

/** Of the demo model, for one text. */
const PRICE = 100_000n;
const ROUNDS = 20;

let t: TestPlatform;
let servers: string[];
beforeAll(async () => {
  t = await startPlatform();
  const env = {
    DATABASE_URL: t.database.url,
    PREDICTOR_URL: t.predictorUrl,
    MODELS_DIR: t.modelsDir,
    CONCURRENCY_MAX: '1000',
  };
  servers = await Promise.all([startServer(env).ready(), startServer(env).ready()]);
});
afterEach(() => t.verify());
afterAll(async () => {
  await killLeftServers();
  await t.stop();
});

const EMBED = `mutation ($text: String!) {
  embedTexts(input: { model: "${DEMO_MODEL}", texts: [$text] }) {
    cost { chargedNanos }
    userErrors { code message path details }
  }
}`;

test.each(Array.from({ length: ROUNDS }, (_, round) => round))(
  'round %i: with credit for k calls exactly k of n come through two api processes',
  async (round) => {
    const k = 1 + (round % 6);
    const n = k * 5;
    const caller = await t.caller(BigInt(k) * PRICE);
    const answers = await Promise.all(
      Array.from({ length: n }, async (_, at) => {
        const variables = { text: `round ${String(round)} text ${String(at)}` };
        const url = servers[at % servers.length] ?? '';
        return postGraphQL(url, { query: EMBED, variables }, bearer(caller.secret));
      }),
    );
    const codes = answers.map(({ body }) => codeOf({ body }) ?? 'ok');
    expect(codes.filter((code) => code === 'ok')).toHaveLength(k);
    expect(codes.filter((code) => code === 'INSUFFICIENT_CREDIT')).toHaveLength(n - k);
    expect(
      (await caller.gql('{ account { balance { postedNanos heldNanos availableNanos } } }')).body
        .data.account.balance,
    ).toEqual({ postedNanos: '0', heldNanos: '0', availableNanos: '0' });
  },
);
