import { mailboxHash } from '../../src/accounts/index.js';
import { DEMAND_CHECKS } from '../../src/demand/index.js';
import { PAYMENT_CHECKS } from '../../src/payments/index.js';
import { runChecks } from '../../src/platform/checks.js';
import type { AccountId } from '../../src/platform/ids.js';
import { errorOf, postGraphQL } from '../support/app.js';
import { addModel, codeOf, type DemandRig, startDemandRig } from '../support/demand.js';
import { mailAfter, type Person, personOn } from '../support/people.js';
import { bearer } from '../support/platform.js';

/** F25: what is given once is given once for each person, with whatever accounts and addresses. */

const MANY = 20;
let t: DemandRig;
beforeAll(async () => {
  t = await startDemandRig({ organizationsPerPerson: 2 * MANY });
});
afterEach(async () => {
  const findings = await runChecks(t.app.database, [...DEMAND_CHECKS, ...PAYMENT_CHECKS]);
  expect(findings.filter(({ broken }) => broken > 0n)).toEqual([]);
});
afterAll(() => t.stop());

let unique = 0;
const name = (what: string) => `${what}-${String((unique += 1))}`;

type Ask = Person['gql'];

/** As a person who acts on an organization. */
const on = (person: Person, accountId: string): Ask => personOn(t.url, person, accountId).gql;

const OPEN =
  'mutation { createOrganization(input: { name: "O" }) { account { id } userErrors { code message path details } } }';
async function organization(person: Person): Promise<AccountId> {
  const { body } = await person.gql(OPEN);
  return body.data.createOrganization.account.id as AccountId;
}

const organizations = (person: Person, count: number) =>
  Promise.all(Array.from({ length: count }, () => organization(person)));

/** As a key of an organization. */
async function keyOf(person: Person, accountId: AccountId): Promise<Ask> {
  const MAKE = `mutation { createApiKey(input: { name: "k", scopes: [READ, BILLING, INFERENCE] }) { secret userErrors { code message path details } } }`;
  const { body } = await on(person, accountId)(MAKE);
  const secret = body.data.createApiKey.secret as string;
  return (query, variables) => postGraphQL(t.url, { query, variables }, bearer(secret));
}

const personOf = async (email: string): Promise<Person> => t.person(email);
const mailOf = () => `${name('person')}@example.org`;

async function promo(): Promise<string> {
  const code = name('ONCE');
  const CREATE = `mutation ($input: CreatePromoCodeInput!) { createPromoCode(input: $input) { promoCode { code } userErrors { code message path details } } }`;
  await t.operator.gql(CREATE, { input: { code, nanos: '1000', redemptionsMax: 100 } });
  return code;
}
const redeem = (ask: Ask, code: string) =>
  ask(
    'mutation ($code: String!) { redeemPromoCode(input: { code: $code }) { promoCode { code } userErrors { code message path details } } }',
    { code },
  );

const askFor = (ask: Ask, slug: string) =>
  ask(
    'mutation ($input: RequestModelInput!) { requestModel(input: $input) { modelRequest { id place } userErrors { code message path details } } }',
    { input: { slug } },
  );
const WITHDRAW =
  'mutation ($id: ID!) { withdrawModelRequest(input: { id: $id }) { deletedModelRequestId userErrors { code message path details } } }';
const votes = async (slug: string) =>
  (await t.gql('query ($s: String!) { model(slug: $s) { demand { requests } } }', { s: slug })).body
    .data.model.demand.requests as number;
const tally = (codes: readonly (string | undefined)[]) => ({
  taken: codes.filter((code) => code === undefined).length,
  refused: codes.filter((code) => code === 'CONFLICT').length,
});

describe.each([
  ['one after the other', false],
  ['at once', true],
])('one person with twenty organizations, %s', (_how, atOnce) => {
  async function each(asks: readonly Ask[], work: (ask: Ask) => ReturnType<Ask>) {
    if (atOnce) return (await Promise.all(asks.map(work))).map(codeOf);
    const codes = [];
    for (const ask of asks) codes.push(codeOf(await work(ask)));
    return codes;
  }

  test('uses a promo code once, signed in or by keys', async () => {
    const person = await personOf(mailOf());
    const ids = await organizations(person, MANY);
    const code = await promo();
    const codes = await each(
      ids.map((id) => on(person, id)),
      (ask) => redeem(ask, code),
    );
    expect(tally(codes)).toEqual({ taken: 1, refused: MANY - 1 });
    expect(codeOf(await redeem(person.gql, code))).toBe('CONFLICT');
    const other = await promo();
    const keys = await Promise.all(ids.slice(0, 5).map((id) => keyOf(person, id)));
    const byKeys = await each(keys, (ask) => redeem(ask, other));
    expect(tally(byKeys)).toEqual({ taken: 1, refused: 4 });
  });

  test('votes for a model once', async () => {
    const slug = name('voted/model');
    await addModel(t, slug);
    const person = await personOf(mailOf());
    const asks = (await organizations(person, MANY)).map((id) => on(person, id));
    expect(tally(await each(asks, (ask) => askFor(ask, slug)))).toEqual({
      taken: 1,
      refused: MANY - 1,
    });
    expect(await votes(slug)).toBe(1);
  });
});

test('aliases of one mailbox are one person', async () => {
  const code = await promo();
  const local = name('alias').replace('-', '');
  const [first, second, third] = [
    await personOf(`${local}@gmail.com`),
    await personOf(`${local.slice(0, 2)}.${local.slice(2)}+promo@googlemail.com`),
    await personOf(`${local}@example.org`),
  ];
  expect(codeOf(await redeem(first.gql, code))).toBeUndefined();
  expect(codeOf(await redeem(second.gql, code))).toBe('CONFLICT');
  expect(codeOf(await redeem(third.gql, code))).toBeUndefined();
});

test('each person of an organization is one, and the organization is one', async () => {
  const [owner, colleague] = [await personOf(mailOf()), await personOf(mailOf())];
  const [shared, own] = [await organization(owner), await organization(colleague)];
  await t.database.query(
    `INSERT INTO membership (account_id, user_id, role) SELECT $1, id, 'ADMIN' FROM app_user WHERE email = $2`,
    [shared, colleague.email],
  );
  const code = await promo();
  expect(codeOf(await redeem(on(owner, shared), code))).toBeUndefined();
  expect(codeOf(await redeem(on(colleague, shared), code))).toBe('CONFLICT');
  expect(codeOf(await redeem(on(colleague, own), code))).toBeUndefined();
  const slug = name('shared/model');
  await addModel(t, slug);
  await askFor(on(owner, shared), slug);
  // The account has asked: its members say more of it, and do not count.
  expect(codeOf(await askFor(on(colleague, shared), slug))).toBeUndefined();
  expect(codeOf(await askFor(on(colleague, own), slug))).toBeUndefined();
  expect(await votes(slug)).toBe(2);
});

test('nobody is a person whose address is not verified', async () => {
  const person = await personOf(mailOf());
  const key = await keyOf(person, await organization(person));
  const slug = name('unverified/model');
  await addModel(t, slug);
  const code = await promo();
  await t.database.query('UPDATE app_user SET email_verified = false WHERE email = $1', [
    person.email,
  ]);
  const refused = [
    await redeem(person.gql, code),
    await redeem(key, code),
    await askFor(person.gql, slug),
    await person.gql(OPEN),
  ];
  expect(refused.map(codeOf)).toEqual(Array(4).fill('FORBIDDEN'));
  expect(await votes(slug)).toBe(0);
});

test('who has left an address keeps the place with an account, and is not counted again', async () => {
  const slug = name('waited/model');
  await addModel(t, slug);
  const [first, second] = [mailOf(), mailOf()];
  const JOIN =
    'mutation ($input: JoinWaitlistInput!) { joinWaitlist(input: $input) { userErrors { code message path details } } }';
  const CONFIRM =
    'mutation ($token: String!) { confirmWaitlist(input: { token: $token }) { userErrors { code message path details } } }';
  const join = async (email: string) => {
    const input = { email, slug };
    const { token } = await mailAfter(t.outboxDir, email, () => t.gql(JOIN, { input }));
    await t.gql(CONFIRM, { token });
  };
  await join(first);
  await join(second);
  expect(await votes(slug)).toBe(2);
  const person = await personOf(first);
  const { body } = await askFor(person.gql, slug);
  expect(body.data.requestModel.modelRequest.place).toBe(1);
  expect(await votes(slug)).toBe(2);
  await join(first);
  expect(await votes(slug)).toBe(2);
});

test('a request can be withdrawn for another account, but not once something was given for it', async () => {
  const slug = name('given/model');
  const modelId = await addModel(t, slug);
  const person = await personOf(mailOf());
  const [a, b] = (await organizations(person, 2)).map((id) => on(person, id)) as [Ask, Ask];
  const made = (await askFor(a, slug)).body.data.requestModel.modelRequest.id as string;
  await a(WITHDRAW, { id: made });
  const other = (await askFor(b, slug)).body.data.requestModel.modelRequest.id as string;
  expect(codeOf(await askFor(a, slug))).toBe('CONFLICT');
  const PLAN = `mutation ($id: ID!) {
    planModel(input: { modelId: $id, stage: ONBOARDING, earlyAccessCount: 5, launchCreditNanos: "1000", launchCreditCount: 5 }) {
      entry { stage }
      userErrors { code message path details }
    }
  }`;
  await t.operator.gql(PLAN, { id: modelId });
  await t.app.services.launches.turn();
  await b(WITHDRAW, { id: other });
  expect(codeOf(await askFor(a, slug))).toBe('CONFLICT');
  const [given] = await t.database.query(
    'SELECT count(early_access_at)::int AS given FROM model_request WHERE model_id = $1',
    [modelId],
  );
  expect(given).toEqual({ given: 1 });
});

test('what an account was given stays its person’s when a colleague asks for it again', async () => {
  const slug = name('again/model');
  const modelId = await addModel(t, slug);
  const [owner, colleague] = [await personOf(mailOf()), await personOf(mailOf())];
  const [shared, own] = [await organization(owner), await organization(owner)];
  await t.database.query(
    `INSERT INTO membership (account_id, user_id, role) SELECT $1, id, 'ADMIN' FROM app_user WHERE email = $2`,
    [shared, colleague.email],
  );
  const { body } = await askFor(on(owner, shared), slug);
  const made = body.data.requestModel.modelRequest.id as string;
  await t.database.query('UPDATE model_request SET early_access_at = now() WHERE model_id = $1', [
    modelId,
  ]);
  await on(owner, shared)(WITHDRAW, { id: made });
  expect(codeOf(await askFor(on(colleague, shared), slug))).toBeUndefined();
  expect(codeOf(await askFor(on(owner, own), slug))).toBe('CONFLICT');
});

test('a request that was made twice in earlier times may still be edited', async () => {
  const slug = name('twice/model');
  const modelId = await addModel(t, slug);
  const person = await personOf(mailOf());
  const [first, second] = [await organization(person), await organization(person)];
  await askFor(on(person, first), slug);
  await t.database.query(
    `INSERT INTO model_request (id, model_id, account_id, mailbox, contact_ok)
     VALUES ($1, $2, $3, 'account:' || $3, true)`,
    [`mreq_${second}`, modelId, second],
  );
  expect(codeOf(await askFor(on(person, second), slug))).toBeUndefined();
  expect(await votes(slug)).toBe(2);
});

test('an address that was left at one entry and an account that asked at another become the account’s request', async () => {
  const [gone, into] = [name('left/gone'), name('left/into')];
  const goneId = await addModel(t, gone, 'PROPOSED');
  const intoId = await addModel(t, into);
  const person = await personOf(mailOf());
  await t.database.query(
    `INSERT INTO model_request (id, model_id, email, mailbox, contact_ok) VALUES ($1, $2, $3, $4, true)`,
    [`mreq_${into}`, intoId, person.email, mailboxHash(person.email)],
  );
  const { body } = await askFor(person.gql, gone);
  expect(errorOf({ body })).toBeUndefined();
  const MERGE = `mutation ($goneId: ID!, $intoId: ID!) { mergeModels(input: { goneId: $goneId, intoId: $intoId }) { entry { requests } userErrors { code message path details } } }`;
  const merged = await t.operator.gql(MERGE, { goneId, intoId });
  expect(merged.body.data.mergeModels.entry.requests).toBe(1);
  const [kept] = await t.database.query(
    'SELECT email, account_id IS NOT NULL AS asked FROM model_request WHERE model_id = $1',
    [intoId],
  );
  expect(kept).toEqual({ email: null, asked: true });
});

test('a person has so many organizations at a time, with whatever address, also at once', async () => {
  const few = await startDemandRig({ organizationsPerPerson: 3 });
  try {
    const people = [await few.person('ada@gmail.com'), await few.person('a.d.a@googlemail.com')];
    const make = (person: Person) => person.gql(OPEN);
    const answers = await Promise.all([...people, ...people, ...people, ...people].map(make));
    expect(tally(answers.map(codeOf))).toEqual({ taken: 3, refused: 5 });
    const [made] = await few.database.query<{ id: string }>(
      `SELECT id FROM account WHERE kind = 'ORGANIZATION' LIMIT 1`,
    );
    await few.database.query(`UPDATE account SET status = 'CLOSED' WHERE id = $1`, [made?.id]);
    const later = await Promise.all(people.map(make));
    expect(tally(later.map(codeOf))).toEqual({ taken: 1, refused: 1 });
  } finally {
    await few.stop();
  }
});
