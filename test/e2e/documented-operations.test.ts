import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type DocumentNode, Kind, parse, validate } from 'graphql';
import { createPrintableSchema } from '../../src/app/resolvers.js';
import { COST_MAX } from '../../src/graphql/cost.js';
import { errorOf, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo, newOperator } from '../support/operators.js';
import { type Shop, startShop } from '../support/payments.js';
import { ownAccountOf, type Person, signUp } from '../support/people.js';

/** Operations of real pages, as a dashboard's author takes them over. */
const FOLDER = path.resolve(import.meta.dirname, '../../docs/operations');
const texts = new Map(
  readdirSync(FOLDER).map((file) => [file, readFileSync(path.join(FOLDER, file), 'utf8')]),
);

const DAYS = { from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z' };
/** Half of what an operation may cost: the page grows. */
const PAGE_COST_MAX = COST_MAX / 2;

const schema = createPrintableSchema();
const namesOf = (document: DocumentNode) =>
  document.definitions.flatMap((one) =>
    one.kind === Kind.OPERATION_DEFINITION ? [one.name?.value ?? ''] : [],
  );
const operations = [...texts.values()].flatMap((text) => {
  return namesOf(parse(text)).map((name) => ({ name, text }));
});

test.each([...texts])('%s fits the schema', (_file, text) => {
  expect(validate(schema, parse(text))).toEqual([]);
});

describe('run', () => {
  const outbox = temporaryFolder();
  const done = new Set<string>();
  let t: TestApp;
  let shop: Shop;
  let person: Person;
  let operator: Person;
  let account: string;
  let slug: string;
  beforeAll(async () => {
    t = await startTestApp({ config: mailTo(outbox.path), background: false });
    shop = await startShop(mailTo(outbox.path));
    person = await signUp({ url: t.url, outboxDir: outbox.path }, 'author@example.org');
    operator = await newOperator(t, outbox.path);
    account = await ownAccountOf(person);
    slug = (await t.gql('{ models(first: 1) { nodes { slug } } }')).body.data.models.nodes[0].slug;
  });
  afterAll(async () => {
    await shop.stop();
    await t.stop();
    outbox.remove();
  });

  async function run(name: string, variables: object = {}, by: Pick<Person, 'gql'> = person) {
    const one = operations.find((operation) => operation.name === name);
    if (one === undefined) throw new Error(`${name} is not documented.`);
    done.add(name);
    // One operation to a request, with the fragments that it uses.
    const definitions = one.text.split(/^(?=(?:query|mutation|fragment|#) )/m);
    const wanted = definitions.filter((part) =>
      new RegExp(
        `^(?:(?:query|mutation) ${name}\\b|fragment (${fragmentsOf(definitions, name)})\\b)`,
      ).test(part),
    );
    const answer = await by.gql(wanted.join('\n'), variables as Record<string, unknown>);
    expect(errorOf(answer)).toBeUndefined();
    expect(answer.body.extensions.cost.requestedQueryCost).toBeLessThanOrEqual(PAGE_COST_MAX);
    return answer.body.data;
  }

  test('what a page reads', async () => {
    const { account: shown } = await run('Overview', { account, month: DAYS, timeZone: 'UTC' });
    expect(shown).toMatchObject({ id: account, status: 'ACTIVE', runs: { nodes: [] } });
    await run('Runs', { account });
    await run('Run', { id: 'run_none' });
    await run('Credits', { account });
    await run('TopUp', { account });
    await run('Usage', { account, range: DAYS });
    await run('Team', { account });
    await run('AlertsAndWebhooks', { account });
    const { models } = await run('Demand');
    expect(models.nodes).not.toEqual([]);
    expect((await run('ModelPage', { slug })).model.slug).toBe(slug);
    const slugs = models.nodes.slice(0, 2).map((node: { slug: string }) => node.slug);
    const { compareModels } = await run('Compare', { slugs });
    expect(compareModels.models).toMatchObject([{ slug: slugs[0] }, { slug: slugs[1] }]);
  });

  test('a key: created, changed, rotated, revoked', async () => {
    const made = await run('CreateKey', { input: { accountId: account, name: 'ci' } });
    const { id } = made.createApiKey.apiKeyEdge.node;
    const spendCap = { nanos: '5000000000', period: 'MONTH' };
    const changed = await run('UpdateKey', { input: { accountId: account, id, spendCap } });
    expect(changed.updateApiKey.apiKey.spendCap.nanos).toBe('5000000000');
    const { rotateApiKey } = await run('RotateKey', { input: { accountId: account, id } });
    expect(rotateApiKey.replacedApiKey.id).toBe(id);
    const input = { accountId: account, id: rotateApiKey.apiKeyEdge.node.id };
    expect((await run('RevokeKey', { input })).revokeApiKey.apiKey.revokedAt).not.toBeNull();
    expect((await run('Keys', { account })).account.apiKeys.nodes).toHaveLength(2);
  });

  test('people, alerts and webhooks', async () => {
    const made = await person.gql(
      'mutation { createOrganization(input: { name: "Acme" }) { account { id } userErrors { code } } }',
    );
    const accountId = made.body.data.createOrganization.account.id as string;
    await run('Invite', { input: { accountId, email: 'bob@example.org', role: 'VIEWER' } });
    const { members } = (await run('Team', { account: accountId })).account;
    expect(members.nodes).toHaveLength(1);
    const userId = members.nodes[0].user.id as string;
    await run('ChangeRole', { input: { accountId, userId, role: 'OWNER' } });
    const rule = { accountId, kind: 'SPEND', thresholdNanos: '1', period: 'MONTH' };
    await run('CreateAlert', { input: rule });
    const hook = { accountId, url: 'https://93.184.215.14/hook' };
    const { createWebhookEndpoint } = await run('CreateWebhook', { input: hook });
    const endpoint = createWebhookEndpoint.webhookEndpoint.id as string;
    await run('Deliveries', { account: accountId, endpoint });
    await run('RequestModel', { input: { accountId, slug } });
  });

  test('money', async () => {
    const buyer = await signUp({ url: shop.url, outboxDir: outbox.path }, 'buyer@example.org');
    const input = { amount: '10.00', idempotencyKey: 'first' };
    const { buyCredits } = await run('BuyCredits', { input }, buyer);
    expect(buyCredits.purchase.checkoutUrl).toMatch(/^http/);
    const price = { model: slug, unit: 'IMAGE', nanosPerUnit: '200000' };
    const { setModelPrice } = await run('ChangePrice', { input: price }, operator);
    expect(setModelPrice.model.prices).toContainEqual(
      expect.objectContaining({ nanosPerUnit: '200000' }),
    );
  });

  test('all but what needs a card at Stripe were run', () => {
    const left = operations.map(({ name }) => name).filter((name) => !done.has(name));
    expect(left).toEqual(['SetTopUp']); // top-ups.test.ts
  });
});

/** Names of the fragments that an operation spreads, as alternatives of a pattern. */
function fragmentsOf(definitions: readonly string[], name: string): string {
  const own = definitions.find((part) => new RegExp(`^(?:query|mutation) ${name}\\b`).test(part));
  const used = [...(own ?? '').matchAll(/\.\.\.(\w+)/g)].map(([, fragment]) => fragment);
  return used.length === 0 ? '(?!)' : used.join('|');
}
