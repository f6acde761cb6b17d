import {
  type Caller,
  DEMO_MODEL,
  sample,
  startPlatform,
  type TestPlatform,
} from '../support/platform.js';
import { callRest } from '../support/rest.js';

let t: TestPlatform;
let caller: Caller;
beforeAll(async () => {
  t = await startPlatform();
  caller = await t.caller(10_000_000_000n);
});
afterEach(() => t.verify());
afterAll(() => t.stop());

const IMAGE = sample('green-heart.png');
const DATA_URL = `data:image/png;base64,${IMAGE}`;
const THERE = 'green heart';
const ABSENT = 'blue square';
const OTHER = 'red circle';
type Scoring = 'sigmoid' | 'softmax' | undefined;

const post = async (path: string, body: object) => {
  const answer = await callRest(t.url, 'POST', path, { secret: caller.secret, body });
  expect([path, answer.status < 300, answer.body]).toEqual([path, true, expect.anything()]);
  return answer.body;
};
const byLabel = (scores: { label: string; score: number }[]) =>
  new Map(scores.map(({ label, score }) => [label, score]));
const given = (name: string, scoring: Scoring) =>
  scoring === undefined ? {} : { [name]: scoring };

async function byClassify(labels: string[], scoring: Scoring): Promise<Map<string, number>> {
  const body = { model: DEMO_MODEL, input: [IMAGE], labels, ...given('scoring', scoring) };
  const { data } = await post('/v1/classify', body);
  expect(data[0].score).toBe(Math.max(...data[0].probs));
  return byLabel(data[0].predictions);
}

/** What each dialect answers for labels of one image. */
const DIALECTS: Record<
  string,
  (labels: string[], scoring: Scoring) => Promise<Map<string, number>>
> = {
  classify: byClassify,
  huggingface: async (labels, scoring) =>
    byLabel(
      await post(`/models/${DEMO_MODEL}`, {
        inputs: IMAGE,
        parameters: { candidate_labels: labels, ...given('function_to_apply', scoring) },
      }),
    ),
  deepinfra: async (labels, scoring) => {
    const body = { image: IMAGE, candidate_labels: labels, ...given('scoring', scoring) };
    return byLabel((await post(`/v1/inference/${DEMO_MODEL}`, body)).results);
  },
  replicate: async (labels, scoring) => {
    const input = { image: IMAGE, labels, ...given('scoring', scoring) };
    return byLabel((await post(`/v1/models/${DEMO_MODEL}/predictions`, { input })).output);
  },
  bentoml: async (labels, scoring) => {
    const body = {
      queries: [{ img_blob: IMAGE }],
      candidates: labels.map((text) => ({ text })),
      ...given('scoring', scoring),
    };
    const { probabilities } = await post('/rank', body);
    return new Map(labels.map((label, at) => [label, probabilities[0][at]]));
  },
  chat: async (labels, scoring) => {
    const content = [{ type: 'image_url', image_url: { url: DATA_URL } }];
    const body = {
      model: DEMO_MODEL,
      messages: [{ role: 'user', content }],
      logprobs: true,
      top_logprobs: 20,
      tools: [{ type: 'function', function: { name: 'f', parameters: { enum: labels } } }],
      ...given('scoring', scoring),
    };
    const { choices } = await post('/v1/chat/completions', body);
    const tokens: { token: string; logprob: number }[] =
      choices[0].logprobs.content[0].top_logprobs;
    return byLabel(
      tokens.map(({ token, logprob }) => ({ label: token, score: Math.exp(logprob) })),
    );
  },
};
const sumOf = (scores: Map<string, number>) =>
  [...scores.values()].reduce((sum, score) => sum + score, 0);

describe.each(Object.entries(DIALECTS))('%s', (name, ask) => {
  const defaults = ['huggingface', 'replicate'].includes(name) ? 'sigmoid' : 'softmax';

  test(`scores by ${defaults}, and by the other when it is asked for`, async () => {
    const labels = [THERE, ABSENT, OTHER];
    const shares = await ask(labels, 'softmax');
    const own = await ask(labels, 'sigmoid');
    expect(sumOf(shares)).toBeCloseTo(1, 5);
    expect(sumOf(own)).not.toBeCloseTo(1, 5);
    expect(await ask(labels, undefined)).toEqual(defaults === 'sigmoid' ? own : shares);
  });

  test('one label that is not there is not said to be there', async () => {
    const [absent] = [...(await ask([ABSENT], undefined)).values()];
    expect(absent).toBeLessThan(0.1);
    const [there] = [...(await ask([THERE], undefined)).values()];
    expect(there).toBeGreaterThan(absent ?? 1);
    expect([...(await ask([ABSENT], 'softmax')).values()]).toEqual([1]);
  });
});

test('a score beside a single label is its own probability, however it is asked for', async () => {
  const [absent] = [...(await byClassify([ABSENT], undefined)).values()];
  const picture = { type: 'image_url', image_url: { url: DATA_URL } };
  const text = { type: 'text', text: `Is it this: ${ABSENT}?` };
  const asJson = await post('/v1/chat/completions', {
    model: DEMO_MODEL,
    messages: [{ role: 'user', content: [text, picture] }],
    response_format: { type: 'json_object' },
  });
  const { label, score } = JSON.parse(asJson.choices[0].message.content);
  expect([label, score]).toEqual([ABSENT, expect.closeTo(absent ?? 1, 5)]);
  const set = await callRest(t.url, 'POST', '/graphql', {
    secret: caller.secret,
    body: {
      query:
        'mutation ($labels: [String!]!) { createLabelSet(input: { name: "one", labels: $labels }) { labelSet { id } userErrors { code message path details } } }',
      variables: { labels: [ABSENT] },
    },
  });
  const id = set.body.data.createLabelSet.labelSet.id;
  const { data } = await post('/v1/classify', { model: DEMO_MODEL, input: [IMAGE], label_set: id });
  expect(data[0].score).toBeCloseTo(absent ?? 1, 5);
});
