import fc from 'fast-check';
import {
  afterRefunds,
  clawBackOf,
  type Movement,
  type Payment,
  type PurchaseState,
  type RefundRequest,
  stateAfter,
} from './purchase.js';

type Line = Pick<Movement, 'kind' | 'amountMinor'>;
type Request = Pick<RefundRequest, 'state' | 'amountMinor'>;

const nanos = fc.bigInt({ min: 1n, max: 10_000_000_000_000n });
const minor = fc.bigInt({ min: 50n, max: 99_999_999n });
const back = fc.constantFrom('REFUND' as const, 'DISPUTE' as const);
/** Money that went back (below zero), or came back again. */
const reversal = fc.record({
  kind: back,
  amountMinor: fc.bigInt({ min: -9_999_999n, max: 9_999_999n }),
});
const gone = fc.record({ kind: back, amountMinor: fc.bigInt({ min: -9_999_999n, max: -1n }) });
const request = fc.record({
  state: fc.constantFrom('PENDING' as const, 'DONE' as const, 'FAILED' as const),
  amountMinor: fc.bigInt({ min: 1n, max: 9_999_999n }),
});
/** What was sold and charged, tax included, and what happened since. */
const story = fc.record({
  purchase: fc.record({
    creditNanos: nanos,
    bonusNanos: fc.bigInt({ min: 0n, max: 10n ** 12n }),
    amountMinor: minor,
  }),
  taxMinor: fc.bigInt({ min: 0n, max: 9_999_999n }),
  lines: fc.array(reversal, { maxLength: 8 }),
  requests: fc.array(request, { maxLength: 3 }),
});
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

const chargeOf = ({ purchase, taxMinor }: Story): Line => ({
  kind: 'CHARGE',
  amountMinor: purchase.amountMinor + taxMinor,
});
const totalOf = ({ purchase }: Story) => purchase.creditNanos + purchase.bonusNanos;
const claw = (
  told: Story,
  lines: readonly Line[] = told.lines,
  requests: readonly Request[] = told.requests,
) => clawBackOf(told.purchase, [chargeOf(told), ...lines], requests);

describe('credit that is taken back', () => {
  test('the order in which it is told does not matter', () => {
    const shuffled = story.chain((told) =>
      fc.tuple(
        fc.constant(told),
        fc.shuffledSubarray([chargeOf(told), ...told.lines], { minLength: told.lines.length + 1 }),
        fc.shuffledSubarray(told.requests, { minLength: told.requests.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([told, lines, requests]) => {
        expect(clawBackOf(told.purchase, lines, requests)).toBe(claw(told));
      }),
    );
  });

  test('it is never below nothing, and never more than was given', () => {
    fc.assert(
      fc.property(story, (told) => {
        const taken = claw(told);
        expect(taken >= 0n && taken <= totalOf(told)).toBe(true);
      }),
    );
  });

  test('more money that goes back never takes less', () => {
    fc.assert(
      fc.property(story, gone, (told, more) => {
        expect(claw(told, [...told.lines, more]) >= claw(told)).toBe(true);
      }),
    );
  });

  test('it is the same share of the credit as of the money, to half a nano-dollar', () => {
    const part = story.chain((told) =>
      fc.tuple(fc.constant(told), fc.bigInt({ min: 0n, max: chargeOf(told).amountMinor })),
    );
    fc.assert(
      fc.property(part, ([told, goneMinor]) => {
        const charged = chargeOf(told).amountMinor;
        const taken = claw(told, [{ kind: 'REFUND', amountMinor: -goneMinor }], []);
        const off = 2n * (taken * charged - totalOf(told) * goneMinor);
        expect(off > -charged && off <= charged).toBe(true);
      }),
    );
  });

  test('all the money takes all the credit, in however many parts', () => {
    const parts = fc.array(fc.bigInt({ min: 1n, max: 9_999_999n }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(story, parts, back, (told, amounts, kind) => {
        const amountMinor = amounts.reduce((sum, amount) => sum + amount, 0n);
        const purchase = { ...told.purchase, amountMinor };
        const lines = amounts.map((amount) => ({ kind, amountMinor: -amount }));
        const charge = { kind: 'CHARGE' as const, amountMinor };
        expect(clawBackOf(purchase, [charge, ...lines], [])).toBe(totalOf(told));
      }),
    );
  });

  test('a refund that failed, and a dispute that was won, take nothing', () => {
    fc.assert(
      fc.property(story, fc.array(gone, { maxLength: 5 }), (told, lines) => {
        const undone = lines.map(({ kind, amountMinor }) => ({ kind, amountMinor: -amountMinor }));
        expect(claw(told, [...lines, ...undone], [])).toBe(0n);
        expect(claw(told, [...told.lines, ...lines, ...undone])).toBe(claw(told));
      }),
    );
  });

  test('a refund that was asked for counts until it is on the balance, or came to nothing', () => {
    fc.assert(
      fc.property(story, fc.bigInt({ min: 1n, max: 9_999_999n }), (told, amountMinor) => {
        const asked = (state: Request['state']) => [...told.requests, { state, amountMinor }];
        const line: Line = { kind: 'REFUND', amountMinor: -amountMinor };
        const paid = claw(told, [...told.lines, line], asked('DONE'));
        expect(claw(told, told.lines, asked('PENDING'))).toBe(paid);
        expect(claw(told, told.lines, asked('FAILED'))).toBe(claw(told));
      }),
    );
  });

  test('while the balance has no line for the charge, what was asked for stands for it', () => {
    fc.assert(
      fc.property(story, (told) => {
        const early = clawBackOf(told.purchase, told.lines, told.requests);
        expect(early).toBe(claw({ ...told, taxMinor: 0n }));
      }),
    );
  });
});

/** What a purchase may become of what it is, lowest first. */
const RANKS: readonly (readonly PurchaseState[])[] = [
  ['PENDING'],
  ['WAITING'],
  ['FAILED'],
  ['EXPIRED'],
  ['REVIEW'],
  ['PAID'],
];
const rankOf = (state: PurchaseState) => RANKS.findIndex((rank) => rank.includes(state));
const SOLD = { amountMinor: 1_000n, currency: 'usd' } as const;
type Seen = Pick<Payment, 'state' | 'netMinor' | 'currency'>;

const seen: fc.Arbitrary<Seen> = fc.oneof(
  fc.record({
    state: fc.constantFrom(
      'OPEN' as const,
      'WAITING' as const,
      'FAILED' as const,
      'EXPIRED' as const,
    ),
    netMinor: fc.constant(0n),
    currency: fc.constantFrom('usd', ''),
  }),
  fc.record({
    state: fc.constant('PAID' as const),
    netMinor: fc.constantFrom(0n, 999n, 1_000n, 1_001n),
    currency: fc.constantFrom('usd', 'jpy'),
  }),
);
const after = (all: readonly Seen[], from: PurchaseState = 'PENDING') =>
  all.reduce<PurchaseState>((state, one) => stateAfter({ ...SOLD, state }, one), from);

describe('what a purchase becomes', () => {
  test.each<[string, Seen, PurchaseState]>([
    ['nothing yet', { state: 'OPEN', netMinor: 0n, currency: 'usd' }, 'PENDING'],
    ['on its way', { state: 'WAITING', netMinor: 0n, currency: 'usd' }, 'WAITING'],
    ['what was asked for', { state: 'PAID', netMinor: 1_000n, currency: 'usd' }, 'PAID'],
    ['more', { state: 'PAID', netMinor: 1_001n, currency: 'usd' }, 'PAID'],
    ['less', { state: 'PAID', netMinor: 999n, currency: 'usd' }, 'REVIEW'],
    ['nothing at all', { state: 'PAID', netMinor: 0n, currency: 'usd' }, 'REVIEW'],
    ['another currency', { state: 'PAID', netMinor: 100_000n, currency: 'jpy' }, 'REVIEW'],
    ['a refusal', { state: 'FAILED', netMinor: 0n, currency: 'usd' }, 'FAILED'],
    ['a page that closed', { state: 'EXPIRED', netMinor: 0n, currency: 'usd' }, 'EXPIRED'],
  ])('paid with %s', (_what, payment, state) => {
    expect(after([payment])).toBe(state);
  });

  test('it never goes down, and what was seen before changes nothing', () => {
    fc.assert(
      fc.property(fc.array(seen, { maxLength: 8 }), seen, (all, next) => {
        const before = after(all);
        const now = after([next], before);
        expect(rankOf(now) > rankOf(before) || now === before).toBe(true);
        expect(after([...all, next], now)).toBe(now);
      }),
    );
  });

  test('paid is paid, whatever is seen later or was before', () => {
    const paid: Seen = { state: 'PAID', netMinor: 1_000n, currency: 'usd' };
    fc.assert(
      fc.property(fc.array(seen), fc.array(seen), (before, later) => {
        expect(after([...before, paid, ...later])).toBe('PAID');
      }),
    );
  });

  test('each order of what is seen ends in the same state', () => {
    const orders = fc
      .array(seen, { maxLength: 8 })
      .chain((all) =>
        fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
      );
    fc.assert(
      fc.property(orders, ([all, shuffled]) => {
        expect(after(shuffled)).toBe(after(all));
      }),
    );
  });
});

describe('refunds that were asked for', () => {
  const asked = (over: Partial<RefundRequest> = {}): RefundRequest => ({
    id: 'rfd_1',
    amountMinor: 100n,
    state: 'PENDING',
    refundId: null,
    ...over,
  });
  const told = (state: RefundRequest['state'], requestId = 'rfd_1') => [
    { requestId, refundId: 're_1', state },
  ];

  test('they learn their refund, and end with it', () => {
    const [known] = afterRefunds([asked()], told('PENDING'));
    expect(known).toEqual(asked({ refundId: 're_1' }));
    const [done] = afterRefunds(known === undefined ? [] : [known], told('DONE'));
    expect(done).toEqual(asked({ refundId: 're_1', state: 'DONE' }));
    expect(afterRefunds(done === undefined ? [] : [done], told('FAILED'))).toEqual([
      asked({ refundId: 're_1', state: 'FAILED' }),
    ]);
  });

  test('what was read long ago changes nothing, nor does another one’s', () => {
    const failed = [asked({ refundId: 're_1', state: 'FAILED' })];
    expect(afterRefunds(failed, [...told('PENDING'), ...told('DONE')])).toEqual(failed);
    expect(afterRefunds([asked()], told('DONE', 'rfd_2'))).toEqual([asked()]);
  });

  test('one that we had given up, and Stripe has, counts again', () => {
    expect(afterRefunds([asked({ state: 'FAILED' })], told('DONE'))).toEqual([
      asked({ refundId: 're_1', state: 'DONE' }),
    ]);
  });
});
