import { createHmac } from 'node:crypto';
import { newId } from '../../src/platform/ids.js';
import { bearer, DEMO_MODEL, sample } from '../support/platform.js';
import { answered, type Attack, codeOf, gql, refused, send, type World } from './attack.js';

const USER_ERRORS = 'userErrors { code message path details }';
const CLASSIFY = `mutation ($input: ClassifyImageInput!) {
  classifyImage(input: $input) { classification { labels { label } } cost { chargedNanos } ${USER_ERRORS} } }`;
const attacker = ({ attacker: { secret } }: World) => bearer(secret);
const INPUT = ['BAD_USER_INPUT', 'GRAPHQL_VALIDATION_FAILED', 'BAD_REQUEST'];

const call = (world: World, more: object = {}, headers = attacker(world)) =>
  gql(
    world,
    CLASSIFY,
    {
      input: {
        model: DEMO_MODEL,
        image: { base64: sample('green-heart.png') },
        labels: ['a', 'b'],
        scoring: 'SIGMOID',
        dryRun: false,
        ...more,
      },
    },
    headers,
  );

/** A key of the attacker's with a cap. */
async function cappedKey(world: World, capNanos: string): Promise<Record<string, string>> {
  const { body } = await world.attacker.person.gql(
    `mutation { createApiKey(input: { name: "${newId('key')}", scopes: [INFERENCE, READ], spendCap: { nanos: "${capNanos}", period: TOTAL } }) { secret ${USER_ERRORS} } }`,
  );
  return bearer(body.data.createApiKey.secret as string);
}

const spentOf = async ({ t, attacker: { accountId } }: World) => {
  const { postedNanos } = await t.app.services.credits.balance(accountId);
  return postedNanos;
};

/** More than there is, for less than it costs, and money that nobody paid. */
export const moneyAttacks: readonly Attack[] = [
  {
    id: 'money-no-credit',
    requirement: 'V2.3.2, I1',
    attempt: 'fifty calls at once on an account without credit',
    run: async (world) => {
      const { secret } = await world.t.caller(0n);
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => call(world, {}, bearer(secret))),
      );
      return [
        ...new Set(answers.map((one) => refused(one, 'INSUFFICIENT_CREDIT', 'RATE_LIMITED'))),
      ].join(', ');
    },
  },
  {
    id: 'money-race-for-the-last-cent',
    requirement: 'V2.3.4, I1',
    attempt: 'fifty different calls at once on credit for one',
    run: async (world) => {
      const { secret, accountId } = await world.t.caller(40_000n);
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          call(world, { labels: [`race ${String(n)}`, `race`] }, bearer(secret)),
        ),
      );
      const { postedNanos } = await world.t.app.services.credits.balance(accountId);
      expect(postedNanos).toBeGreaterThanOrEqual(0n);
      await world.t.verify();
      const passed = answers.filter((one) => codeOf(one) === undefined).length;
      return `${String(passed)} of 50 ran, and the balance is not below zero`;
    },
  },
  {
    id: 'money-cap-race',
    requirement: 'V2.3.4, I2',
    attempt: 'fifty calls at once with a key whose cap is one nano-dollar',
    run: async (world) => {
      const headers = await cappedKey(world, '1');
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          call(world, { labels: [`cap ${String(n)}`, 'b'] }, headers),
        ),
      );
      return [
        ...new Set(answers.map((one) => refused(one, 'SPEND_CAP_REACHED', 'RATE_LIMITED'))),
      ].join(', ');
    },
  },
  {
    id: 'money-odd-caps',
    requirement: 'V1.4.2, V2.2.1',
    attempt: 'negative, fractional, huge and scientific amounts as a cap',
    run: async (world) => {
      for (const nanos of ['-1', '0.5', '1e3', '9223372036854775808', 'NaN', '0x10', ' 1', '']) {
        refused(
          await world.attacker.person
            .gql(
              `mutation { createApiKey(input: { name: "odd", scopes: [READ], spendCap: { nanos: "${nanos}", period: TOTAL } }) { secret ${USER_ERRORS} } }`,
            )
            .then((answer) => ({ ...answer, text: '' })),
          ...INPUT,
        );
      }
      return '400 for each';
    },
  },
  {
    id: 'money-odd-purchase',
    requirement: 'V1.4.2, V2.2.1',
    attempt: 'negative, zero, fractional and huge amounts to buy',
    run: async (world) => {
      for (const amount of ['-10', '0', '0.001', '1e9', '99999999999', 'NaN', '10,00']) {
        refused(
          await world.attacker.person
            .gql(
              `mutation { buyCredits(input: { amount: "${amount}", currency: "usd", idempotencyKey: "${newId('pur')}", saveCard: false }) { purchase { id } ${USER_ERRORS} } }`,
            )
            .then((answer) => ({ ...answer, text: '' })),
          ...INPUT,
        );
      }
      return '400 for each';
    },
  },
  {
    id: 'money-same-key-other-body',
    requirement: 'V2.3.2, I6',
    attempt: 'an idempotency key again, with another request, for its stored answer',
    pays: true,
    run: async (world) => {
      const idempotencyKey = newId('run');
      expect(codeOf(await call(world, { idempotencyKey, labels: ['idem', 'b'] }))).toBeUndefined();
      return refused(
        await call(world, { idempotencyKey, labels: ['other', 'b'] }),
        'IDEMPOTENCY_MISMATCH',
      );
    },
  },
  {
    id: 'money-same-key-at-once',
    requirement: 'V2.3.4, I6',
    attempt:
      'twenty equal requests at once with one idempotency key, to be charged twice or not at all',
    pays: true,
    run: async (world) => {
      const before = await spentOf(world);
      const idempotencyKey = newId('run');
      const answers = await Promise.all(
        Array.from({ length: 20 }, () =>
          call(world, { idempotencyKey, labels: ['once', idempotencyKey] }),
        ),
      );
      const charged = new Set(
        answers
          .filter((one) => codeOf(one) === undefined)
          .map((one) => one.body.data.classifyImage.cost.chargedNanos as string),
      );
      expect(charged.size).toBe(1);
      expect(before - (await spentOf(world))).toBe(BigInt([...charged][0] ?? '0'));
      return 'charged once';
    },
  },
  {
    id: 'money-victims-idempotency-key',
    requirement: 'V8.4.1, I6',
    attempt: 'the idempotency key of somebody else’s call, to get its answer',
    pays: true,
    run: async (world) => {
      const idempotencyKey = newId('run');
      const before = await world.t.app.services.credits.balance(world.victim.accountId);
      const own = await call(world, { idempotencyKey, labels: ['mine', 'b'] });
      expect(codeOf(own)).toBeUndefined();
      expect(own.body.data.classifyImage.cost.chargedNanos).not.toBe('0');
      expect(await world.t.app.services.credits.balance(world.victim.accountId)).toEqual(before);
      return 'keys are apart for each account';
    },
  },
  {
    id: 'money-failed-call',
    requirement: 'V2.3.3, I4',
    attempt: 'a call whose last image is broken, and then the rest for free',
    pays: true,
    run: async (world) => {
      const before = await spentOf(world);
      const good = { base64: sample('red-circle.png') };
      const labels = [newId('run'), 'b'];
      const failed = await call(world, {
        image: undefined,
        images: [good, { base64: 'AAAA' }],
        labels,
      });
      refused(failed, 'BAD_USER_INPUT', 'UNSUPPORTED_MEDIA_TYPE');
      expect(await spentOf(world)).toBe(before);
      const rest = await call(world, { image: undefined, images: [good], labels });
      expect(rest.body.data.classifyImage.cost.chargedNanos).not.toBe('0');
      return 'the failed call is free, and has run nothing: the next one pays';
    },
  },
  {
    id: 'money-other-tenants-cache',
    requirement: 'V8.4.1, API6:2023',
    attempt: 'learn by the price what another account has classified',
    pays: true,
    run: async (world) => {
      const labels = [newId('run'), newId('run')];
      const chargedTo = async (secret: string) =>
        (await call(world, { labels }, bearer(secret))).body.data.classifyImage.cost
          .chargedNanos as string;
      const charged = await chargedTo(world.attacker.secret);
      const [first, second] = [await world.t.caller(10n ** 9n), await world.t.caller(10n ** 9n)];
      // The first of them pays for a picture that is new to it too, and so does the second.
      expect(await chargedTo(first.secret)).toBe(await chargedTo(second.secret));
      expect(charged).not.toBe('0');
      return 'the price is that of something new';
    },
  },
  {
    id: 'money-promo-guess',
    requirement: 'V2.4.1, API6:2023',
    attempt: 'two hundred promo codes by guessing',
    run: async (world) => {
      const codes = new Set<string>();
      for (let n = 0; n < 200; n += 1) {
        const answer = await world.attacker.person.gql(
          `mutation { redeemPromoCode(input: { code: "GUESS${String(n)}" }) { promoCode { code } userErrors { code message path details } } }`,
        );
        codes.add(String(codeOf(answer)));
        if (codes.has('RATE_LIMITED')) break;
      }
      for (const code of codes)
        expect(['NOT_FOUND', 'BAD_USER_INPUT', 'RATE_LIMITED', 'FORBIDDEN']).toContain(code);
      return [...codes].join(', then ');
    },
  },
  {
    id: 'money-forged-webhook',
    requirement: 'V9.1.1, API10:2023',
    attempt: 'a Stripe event without a signature, with a wrong one, and with an old one',
    run: async (world) => {
      const body = JSON.stringify({
        id: 'evt_1',
        object: 'event',
        type: 'checkout.session.completed',
        data: { object: {} },
      });
      const old = Math.floor(Date.now() / 1_000) - 86_400;
      const signed = (secret: string, at: number) =>
        `t=${String(at)},v1=${createHmac('sha256', secret)
          .update(`${String(at)}.${body}`)
          .digest('hex')}`;
      const headers: Record<string, string>[] = [
        {},
        { 'stripe-signature': 'x' },
        { 'stripe-signature': signed('whsec_wrong', Math.floor(Date.now() / 1_000)) },
        { 'stripe-signature': signed('whsec_test', old) },
      ];
      for (const one of headers)
        answered(
          await send(world, '/webhooks/stripe', {
            headers: { 'content-type': 'application/json', ...one },
            body,
          }),
          400,
          401,
          403,
          404,
          503,
        );
      return 'refused';
    },
  },
  {
    id: 'money-close-and-keep',
    requirement: 'V2.3.1',
    attempt: 'close an account that has credit by accident',
    run: async (world) =>
      refused(
        await gql(
          world,
          `mutation { closeAccount(input: { accountId: "${world.attacker.accountId}", giveUpCredit: false }) { userErrors { code message path details } } }`,
          {},
          {
            ...bearer(world.attacker.person.token),
            'x-gigarouter-account': world.attacker.accountId,
          },
        ),
        'CONFLICT',
        'BAD_USER_INPUT',
        'FORBIDDEN',
      ),
  },
];
