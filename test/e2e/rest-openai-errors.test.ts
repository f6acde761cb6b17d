import OpenAI from 'openai';
import { countedClient, errorOf } from '../support/openai.js';
import { DOLLAR } from '../support/payments.js';
import {
  bearer,
  type Caller,
  DEMO_MODEL,
  sample,
  startPlatform,
  type TestPlatform,
} from '../support/platform.js';
import { callRest } from '../support/rest.js';

const COMING_SOON = 'timm/ViT-SO400M-14-SigLIP-384';
const HEART = `data:image/png;base64,${sample('green-heart.png')}`;
const picture = { type: 'image_url', image_url: { url: HEART } };
const said = (...content: unknown[]) => [{ role: 'user', content }];
const text = (words: string) => ({ type: 'text', text: words });
const LABELS = text('cat, dog');

let t: TestPlatform;
let caller: Caller;
beforeAll(async () => {
  t = await startPlatform();
  caller = await t.caller(DOLLAR);
});
afterEach(async () => {
  await t.verify();
  const { postedNanos, heldNanos } = await t.app.services.credits.balance(caller.accountId);
  expect([postedNanos, heldNanos]).toEqual([DOLLAR, 0n]);
});
afterAll(() => t.stop());

const VALID: Record<string, object> = {
  '/v1/embeddings': { input: 'a text' },
  '/v1/chat/completions': { messages: said(LABELS, picture) },
  '/v1/responses': {
    instructions: 'cat, dog',
    input: [{ role: 'user', content: [{ type: 'input_image', image_url: HEART }] }],
  },
  '/v1/moderations': { input: [picture] },
};
const ADDRESSES = Object.entries(VALID);

const post = (path: string, body: unknown, secret = caller.secret) =>
  callRest(t.url, 'POST', path, { secret, body });

describe.each(ADDRESSES)('%s', (path, valid) => {
  test('an unknown model is 404, one that is not live 409, both not to be retried', async () => {
    const unknown = await post(path, { ...valid, model: 'nobody/nothing' });
    expect([unknown.status, unknown.body.error]).toEqual([
      404,
      expect.objectContaining({ type: 'not_found_error', code: 'not_found', param: null }),
    ]);
    const soon = await post(path, { ...valid, model: COMING_SOON });
    expect([soon.status, soon.body.error.code]).toEqual([409, 'model_not_live']);
    expect(soon.headers.get('x-should-retry')).toBe('false');
  });

  test('no key, a wrong one, and one without the scope', async () => {
    const body = { ...valid, model: DEMO_MODEL };
    expect((await callRest(t.url, 'POST', path, { body })).status).toBe(401);
    expect((await post(path, body, 'gr-wrong')).body.error.type).toBe('authentication_error');
    const reader = await t.caller(DOLLAR, { scopes: ['READ'] });
    const refused = await post(path, body, reader.secret);
    expect([refused.status, refused.body.error.type]).toEqual([403, 'permission_error']);
  });

  test('an account without credit is 402', async () => {
    const { secret } = await t.caller(0n);
    const answer = await post(path, { ...valid, model: DEMO_MODEL }, secret);
    expect([answer.status, answer.body.error.type, answer.headers.get('x-should-retry')]).toEqual([
      402,
      'insufficient_quota',
      'false',
    ]);
  });

  test('what is no JSON, and a body that is too large', async () => {
    const send = (body: string, type: string) =>
      fetch(t.url + path, {
        method: 'POST',
        headers: { 'content-type': type, ...bearer(caller.secret) },
        body,
      });
    const form = await send('model=x', 'application/x-www-form-urlencoded');
    expect([form.status, await form.json()]).toEqual([
      415,
      { error: expect.objectContaining({ type: 'invalid_request_error' }) },
    ]);
    expect((await send('{', 'application/json')).status).toBe(400);
    const large = await send(
      JSON.stringify({ input: 'A'.repeat(15 * 2 ** 20) }),
      'application/json',
    );
    expect([large.status, await large.json()]).toEqual([
      413,
      { error: expect.objectContaining({ code: 'payload_too_large' }) },
    ]);
  });
});

test('a file that is not the account’s is 404', async () => {
  const url = 'file_00000000000000000000000000';
  const messages = said(LABELS, { type: 'image_url', image_url: { url } });
  const answer = await post('/v1/chat/completions', { model: DEMO_MODEL, messages });
  expect([answer.status, answer.body.error.type]).toEqual([404, 'not_found_error']);
});

describe('OpenAI’s client reads errors', () => {
  const embed = (who: Pick<Caller, 'secret'>, model: string, input: string) => {
    const { client } = countedClient(t.url, who, { maxRetries: 0 });
    return errorOf(client.embeddings.create({ model, input }));
  };

  test('each in its own class, with request id, code and param', async () => {
    const wrongKey = await embed({ secret: 'gr-wrong' }, DEMO_MODEL, 'a');
    expect(wrongKey).toBeInstanceOf(OpenAI.AuthenticationError);
    const unknown = await embed(caller, 'nobody/nothing', 'a');
    expect(unknown).toBeInstanceOf(OpenAI.NotFoundError);
    const soon = await embed(caller, COMING_SOON, 'a');
    expect(soon).toBeInstanceOf(OpenAI.ConflictError);
    const empty = await embed(caller, DEMO_MODEL, '');
    expect(empty).toBeInstanceOf(OpenAI.BadRequestError);
    expect(wrongKey).toMatchObject({ status: 401, code: 'unauthenticated', param: null });
    expect(unknown).toMatchObject({ code: 'not_found', type: 'not_found_error' });
    for (const error of [wrongKey, unknown, soon, empty]) {
      expect(error.requestID).toMatch(/^req_/);
      expect(error.headers?.get('x-request-id')).toBe(error.requestID);
    }
  });

  test('spent credit as status 402, which has no class of its own', async () => {
    const error = await embed(await t.caller(0n), DEMO_MODEL, 'a');
    expect(error.constructor).toBe(OpenAI.APIError);
    expect(error).toMatchObject({ status: 402, code: 'insufficient_credit', param: null });
    expect(error.type).toBe('insufficient_quota');
  });
});
