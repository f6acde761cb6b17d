import type { AccountId, RunId } from '../../src/platform/ids.js';
import type { SettleStatus } from '../../src/credits/movement.js';
import { apply } from '../../src/credits/ledger.store.js';
import { describeGuards, type Guard, holdOf } from '../support/guards.js';
import { openTestLedger, type TestLedger } from '../support/ledger.js';

const HOUR_MS = 3_600_000;

/** A unit by a letter: `a`, `b` … */
const unit = (letter: string) => Buffer.alloc(16, letter).toString('hex');

/** Holds 10, to be captured for 1 a unit. */
async function held(ledger: TestLedger, accountId: AccountId) {
  const hold = holdOf(accountId, 10n);
  await ledger.credits.hold(hold);
  return hold.runId;
}

const payment = (accountId: AccountId, runId: RunId, letters: string) => ({
  runId,
  accountId,
  nanos: BigInt(letters.length),
  details: {},
  pays: Array.from(letters, unit),
  paysMs: HOUR_MS,
});

async function pay(
  ledger: TestLedger,
  accountId: AccountId,
  letters: string,
  runId?: RunId,
): Promise<SettleStatus> {
  const run = runId ?? (await held(ledger, accountId));
  const { status } = await ledger.credits.capture(payment(accountId, run, letters));
  return status;
}

const posted = async (ledger: TestLedger, accountId: AccountId) =>
  (await ledger.credits.balance(accountId)).postedNanos;

const CLAIMED = 'json_array_length(w.pays) > coalesce(c.count, 0)';

const GUARDS: readonly Guard[] = [
  {
    guard: 'an account pays for a unit once',
    remove: ['ledger_settle_paying', CLAIMED, 'false'],
    attack: async (ledger) => {
      const account = await ledger.account(100n);
      expect(await pay(ledger, account, 'ab')).toBe('CAPTURED');
      expect(await pay(ledger, account, 'bc')).toBe('PAID_BEFORE');
      expect(await posted(ledger, account)).toBe(98n);
    },
  },
  {
    guard: 'an account pays for a unit once, also in one commit',
    remove: ['ledger_settle_paying', CLAIMED, 'false'],
    attack: async (ledger) => {
      const account = await ledger.account(100n);
      const runs = [await held(ledger, account), await held(ledger, account)];
      const { settles } = await apply(
        ledger.db,
        runs.map((runId) => payment(account, runId, 'ab')),
        [],
      );
      expect(settles.map(({ status }) => status)).toEqual(['CAPTURED', 'PAID_BEFORE']);
      expect(settles.map(({ runId }) => runId)).toEqual(runs);
      expect(await posted(ledger, account)).toBe(98n);
    },
  },
  {
    guard: 'a payment ends, and only then may the account pay again',
    remove: ['ledger_settle_paying', 'p.expires_at <= t', 'false'],
    attack: async (ledger) => {
      const account = await ledger.account(100n);
      await ledger.setClock(new Date('2026-12-01T12:00:00Z'));
      expect(await pay(ledger, account, 'a')).toBe('CAPTURED');
      await ledger.setClock(new Date('2026-12-01T12:59:59.999Z'));
      expect(await pay(ledger, account, 'a')).toBe('PAID_BEFORE');
      await ledger.setClock(new Date('2026-12-01T13:00:00Z'));
      expect(await pay(ledger, account, 'a')).toBe('CAPTURED');
    },
  },
  {
    guard: 'a capture that is refused owns nothing',
    remove: ['ledger_settle_paying', 'PERFORM ledger_unclaim(commands, refused);', ''],
    attack: async (ledger) => {
      const account = await ledger.account(100n);
      await pay(ledger, account, 'a');
      const refused = await held(ledger, account);
      expect(await pay(ledger, account, 'ab', refused)).toBe('PAID_BEFORE');
      expect(await pay(ledger, account, 'b')).toBe('CAPTURED');
      // It was not settled, and may be, for less.
      expect(await pay(ledger, account, 'c', refused)).toBe('CAPTURED');
    },
  },
  {
    guard: 'what was not charged is not owned',
    remove: [
      'ledger_settle_paying',
      `IF s.status NOT IN ('CAPTURED', 'DONE') THEN unpaid := unpaid || n; END IF;`,
      '',
    ],
    attack: async (ledger) => {
      const account = await ledger.account(100n);
      const runId = await held(ledger, account);
      await ledger.credits.void({ runId, accountId: account, details: {} });
      await expect(pay(ledger, account, 'a', runId)).rejects.toMatchObject({ code: 'CONFLICT' });
      const tooMuch = payment(account, await held(ledger, account), 'a');
      await expect(ledger.credits.capture({ ...tooMuch, nanos: 11n })).rejects.toThrow(/no hold/);
      expect(await pay(ledger, account, 'a')).toBe('CAPTURED');
    },
  },
  {
    guard: 'a capture that is sent again is not in its own way',
    remove: [
      'ledger_settle_paying',
      `AND NOT EXISTS (SELECT FROM run r WHERE r.id = q.run_id AND r.outcome = 'CAPTURED')`,
      '',
    ],
    attack: async (ledger) => {
      const account = await ledger.account(100n);
      const runId = await held(ledger, account);
      expect(await pay(ledger, account, 'ab', runId)).toBe('CAPTURED');
      expect(await pay(ledger, account, 'ab', runId)).toBe('DONE');
      expect(await posted(ledger, account)).toBe(98n);
      expect(await pay(ledger, account, 'b')).toBe('PAID_BEFORE');
    },
  },
];

describeGuards(GUARDS);

test('what one account has paid for, another one has not, also in one commit', async () => {
  const ledger = await openTestLedger();
  try {
    const payments = [];
    for (let n = 0; n < 2; n++) {
      const account = await ledger.account(100n);
      payments.push(payment(account, await held(ledger, account), 'a'));
    }
    const { settles } = await apply(ledger.db, payments, []);
    expect(settles.map(({ status }) => status)).toEqual(['CAPTURED', 'CAPTURED']);
  } finally {
    await ledger.close();
  }
});
