import { DEMO_MODEL, sample, type TestPlatform } from './platform.js';
import { callRest, readAnswer, type RestAnswer } from './rest.js';

/** How one family of clients sends an image, and reads an error. */
export interface RestDialect {
  /** Path and query of a call of a model. */
  readonly path: (model: string) => string;
  readonly body: (image: string) => object;
  /** The one field of an error, which is a text. */
  readonly errorField: string;
  /** Of a model that is in the catalog, and not live. */
  readonly notLiveStatus?: number;
}

const NOT_LIVE = 'timm/ViT-SO400M-14-SigLIP-384';
const TOO_LARGE = 'A'.repeat(14_000_000);
const BODY_TOO_LARGE = 'A'.repeat(15_000_000);
const DOLLAR = 1_000_000_000n;

/** Whatever is wrong with a request, it is answered in the dialect's own shape, and charges nothing. */
export function testRefusals(platform: () => TestPlatform, dialect: RestDialect): void {
  const { path, body, errorField, notLiveStatus = 409 } = dialect;
  const image = sample('red-circle.png');

  const expectRefusal = ({ status, body: answer }: RestAnswer, expected: number, text: RegExp) => {
    expect([status, answer]).toEqual([expected, { [errorField]: expect.stringMatching(text) }]);
  };

  test.each([
    ['a model that nobody has', 'nobody/nothing', image, 404, /nobody\/nothing/],
    ['a model that is not live', NOT_LIVE, image, notLiveStatus, /not live/],
    ['what is no base64', DEMO_MODEL, '!', 400, /base64/],
    ['what is no picture', DEMO_MODEL, 'AAAA', 415, /./],
    ['an image over 10 MiB', DEMO_MODEL, TOO_LARGE, 413, /10 MiB/],
    ['a body over the limit', DEMO_MODEL, BODY_TOO_LARGE, 413, /too large/],
  ])('%s is refused, and free', async (_what, model, sent, status, text) => {
    const t = platform();
    const { secret, accountId } = await t.caller(DOLLAR);
    const answer = await callRest(t.url, 'POST', path(model), { secret, body: body(sent) });
    expectRefusal(answer, status, text);
    expect(await t.app.services.credits.balance(accountId)).toMatchObject({
      postedNanos: DOLLAR,
      heldNanos: 0n,
    });
  });

  test.each([
    ['no key', {}, 401],
    ['a wrong key', { authorization: 'Bearer gr-wrong' }, 401],
    ['a key of another kind', { authorization: `Basic ${btoa('me:mine')}` }, 401],
  ])('%s is refused', async (_what, headers, status) => {
    const t = platform();
    const answer = await callRest(t.url, 'POST', path(DEMO_MODEL), { headers, body: body(image) });
    expectRefusal(answer, status, /key|authorization/i);
  });

  test('a key that may only read is refused, and so is one of another model', async () => {
    const t = platform();
    const reader = await t.caller(DOLLAR, { scopes: ['READ'] });
    const call = { body: body(image) };
    const asReader = { ...call, secret: reader.secret };
    expectRefusal(await callRest(t.url, 'POST', path(DEMO_MODEL), asReader), 403, /inference/);
    const other = await t.caller(DOLLAR, { models: [NOT_LIVE] });
    const asOther = { ...call, secret: other.secret };
    expectRefusal(
      await callRest(t.url, 'POST', path(DEMO_MODEL), asOther),
      403,
      /not allowed to call/,
    );
  });

  test('a spent account is answered 402, and owes nothing', async () => {
    const t = platform();
    const { secret, accountId } = await t.caller(1n);
    const answer = await callRest(t.url, 'POST', path(DEMO_MODEL), { secret, body: body(image) });
    expectRefusal(answer, 402, /credit/);
    expect((await t.app.services.credits.balance(accountId)).postedNanos).toBe(1n);
  });

  test('a caller over the rate is told when to come back', async () => {
    const t = platform();
    const { secret } = await t.caller(DOLLAR, { ratePerMinute: 1 });
    const call = () => callRest(t.url, 'POST', path(DEMO_MODEL), { secret, body: body(image) });
    expect((await call()).status).toBe(200);
    const answer = await call();
    expectRefusal(answer, 429, /1 calls a minute/);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test.each([
    ['text/plain', 'hello', 415],
    ['application/x-www-form-urlencoded', 'image=AAAA', 415],
    ['application/json', '{"image":', 400],
    ['application/json', Buffer.from([0x22, 0xff, 0x22]), 400],
    ['application/json', '[]', 400],
    ['application/json', 'null', 400],
    ['application/json; charset=latin1', '{}', 415],
  ])('a body of %s that cannot be read is refused', async (contentType, sent, status) => {
    const t = platform();
    const { secret } = await t.caller(DOLLAR);
    const response = await fetch(t.url + path(DEMO_MODEL), {
      method: 'POST',
      headers: { 'content-type': contentType, authorization: `Bearer ${secret}` },
      body: typeof sent === 'string' ? sent : new Uint8Array(sent),
    });
    expectRefusal(await readAnswer(response), status, /./);
  });
}
