import { DOLLAR, type Shop, startShop } from '../support/payments.js';
import type { Caller } from '../support/platform.js';

let shop: Shop;
let customer: Caller;
beforeAll(async () => {
  shop = await startShop();
});
beforeEach(async () => {
  customer = await shop.customer();
});
afterEach(() => shop.verify());
afterAll(() => shop.stop());

test('a pack is bought: page, payment, credit with its bonus, receipt', async () => {
  const { body } = await customer.gql(
    '{ creditPacks { id name creditNanos bonusNanos prices { amount currency } } }',
  );
  const pack = body.data.creditPacks.find(({ id }: { id: string }) => id === 'builder');
  expect(pack.prices).toContainEqual({ amount: '25.00', currency: 'USD' });

  const purchase = await shop.buy(customer, { pack: 'builder' });
  expect(purchase).toMatchObject({ state: 'PENDING', price: { amount: '25.00', currency: 'USD' } });
  const page = await fetch(purchase.checkoutUrl ?? '');
  expect(await page.text()).toContain('NO MONEY MOVES');
  const paid = await fetch(purchase.checkoutUrl ?? '', {
    method: 'POST',
    body: new URLSearchParams({ act: 'pay', card: '4242 4242 4242 4242' }),
    redirect: 'manual',
  });
  expect(paid.status).toBe(303);
  const success = new URL(paid.headers.get('location') ?? '');
  const thanks = await fetch(`${shop.url}${success.pathname}${success.search}`);
  expect(await thanks.text()).toContain('Your credit is on your account now');
  expect(await shop.posted(customer)).toBe(26n * DOLLAR);

  await shop.catchUp();
  expect(await shop.posted(customer)).toBe(26n * DOLLAR);
  const { body: listed } = await customer.gql(
    '{ account { purchases { edges { node { id state receiptUrl refundable { amount currency } } } } creditLots { nodes { source originalNanos } } } }',
  );
  expect(listed.data.account.purchases.edges[0].node).toMatchObject({
    id: purchase.id,
    state: 'PAID',
    refundable: { amount: '25.00', currency: 'USD' },
  });
  const receipt = await fetch(listed.data.account.purchases.edges[0].node.receiptUrl as string);
  expect(await receipt.text()).toContain('$25.00 paid');
  expect(listed.data.account.creditLots.nodes).toEqual([
    { source: 'PURCHASE', originalNanos: '26000000000' },
  ]);
});
