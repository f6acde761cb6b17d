import { type AccountId, newId, type RunId } from '../../src/platform/ids.js';
import { openTestLedger, type TestLedger } from './ledger.js';

/** A guard of the ledger, how it is taken away, and an attack that it stops. */
export interface Guard {
  readonly guard: string;
  /** A function and a part of its text, with what to put there; or a statement. */
  readonly remove: readonly [name: string, from: string, to: string] | string;
  /** Fails when the attack succeeds. */
  readonly attack: (ledger: TestLedger) => Promise<void>;
}

export const holdOf = (accountId: AccountId, nanos: bigint, more: object = {}) => ({
  runId: newId('run'),
  accountId,
  keyId: null,
  nanos,
  ttlMs: 60_000,
  idempotency: undefined,
  details: {},
  ...more,
});
export const same = (body: number) => ({
  idempotency: { key: 'same', requestHash: Buffer.alloc(32, body) },
});
export const code = (expected: string) => ({ code: expected });
export const exactly = (ledger: TestLedger, accountId: AccountId, posted: bigint, held: bigint) =>
  expect(ledger.credits.balance(accountId)).resolves.toMatchObject({
    postedNanos: posted,
    heldNanos: held,
  });

export function isCode(error: unknown, expected: string): boolean {
  return (error as { code?: string }).code === expected;
}

export function insertRun(
  ledger: TestLedger,
  accountId: AccountId,
  run: { charged: number; held: number; key?: string; id?: RunId },
) {
  return ledger.database.query(
    `INSERT INTO run (id, account_id, outcome, held, charged, idempotency_key, request_hash, details, started_at, ended_at)
     VALUES ($1, $2, 'CAPTURED', $3, $4, $5, '\\x00', '{}', now(), now())`,
    [run.id ?? newId('run'), accountId, run.held, run.charged, run.key ?? null],
  );
}

async function takeAway(ledger: TestLedger, remove: Guard['remove']): Promise<void> {
  if (typeof remove === 'string') {
    await ledger.database.query(remove);
    return;
  }
  const [name, from, to] = remove;
  const [row] = await ledger.database.query<{ text: string }>(
    'SELECT pg_get_functiondef($1::regproc) AS text',
    [name],
  );
  const text = row?.text ?? '';
  expect(text.split(from)).toHaveLength(2);
  await ledger.database.query(text.replace(from, () => to));
}

/** Each guard stops its attack, and is what stops it: without it the attack succeeds. */
export function describeGuards(guards: readonly Guard[]): void {
  describe.each(guards)('$guard', ({ remove, attack }) => {
    let ledger: TestLedger;
    beforeEach(async () => {
      ledger = await openTestLedger();
    });
    afterEach(() => ledger.close());

    test('stops the attack', async () => {
      await attack(ledger);
    });

    test('without it the attack succeeds', async () => {
      await takeAway(ledger, remove);
      await expect(attack(ledger)).rejects.toThrow();
    });
  });
}
