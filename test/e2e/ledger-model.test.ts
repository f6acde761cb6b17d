import fc from 'fast-check';
import * as store from '../../src/credits/ledger.store.js';
import type { HoldCommand, PostCommand, SettleCommand } from '../../src/credits/movement.js';
import type { AccountId, RunId } from '../../src/platform/ids.js';
import { openTestLedger, type TestLedger } from '../support/ledger.js';
import { AccountModel } from '../support/ledger-model.js';

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await openTestLedger();
});
afterAll(() => ledger.close());

const START = Date.UTC(2026, 10, 24);
const small = fc.bigInt({ min: 0n, max: 30n });
const account = fc.nat(1);
const someRun = fc.nat(200);

/** Small numbers, few runs and few keys: that the same one meets itself is what is looked for. */
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('post' as const),
      account,
      id: fc.nat(60),
      kind: fc.constantFrom('GRANT', 'PURCHASE', 'ADJUSTMENT', 'REFUND', 'DISPUTE'),
      nanos: fc.bigInt({ min: 1n, max: 40n }),
      priority: fc.constantFrom(10, 50, 90),
      livesMs: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
      lot: fc.nat(60),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('group' as const),
      settles: fc.array(
        fc.record({ account, run: someRun, nanos: fc.option(small, { nil: null }) }),
        { maxLength: 6 },
      ),
      holds: fc.array(
        fc.record({
          account,
          run: someRun,
          nanos: small,
          ttlMs: fc.integer({ min: 1, max: 80 }),
          key: fc.option(fc.nat(3), { nil: undefined }),
          body: fc.nat(1),
        }),
        { maxLength: 6 },
      ),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'sweep' as const }) },
);

const scenario = fc.array(fc.tuple(fc.integer({ min: 0, max: 25 }), step), {
  minLength: 5,
  maxLength: 40,
});

function elementOf<T>(list: readonly T[], at: number): T {
  const element = list[at];
  if (element === undefined) throw new RangeError(String(at));
  return element;
}

test('the database answers and keeps what plain code says, whatever comes in whatever groups', async () => {
  let scenarios = 0;
  await fc.assert(
    fc.asyncProperty(scenario, async (steps) => {
      scenarios += 1;
      const ids = [await ledger.account(), await ledger.account()] as const;
      const models = [new AccountModel(), new AccountModel()] as const;
      const of = (at: number) => ({ id: elementOf(ids, at), model: elementOf(models, at) });
      // A run belongs to one account.
      const runOf = (at: number, run: number) => `run_${ids[at] ?? ''}_${String(run)}` as RunId;
      let now = START;
      for (const [pause, one] of steps) {
        now += pause;
        await ledger.setClock(new Date(now));
        if (one.do === 'post') {
          const { id, model } = of(one.account);
          const back =
            ['REFUND', 'DISPUTE'].includes(one.kind) ||
            (one.kind === 'ADJUSTMENT' && one.id % 2 === 0);
          const command: PostCommand = {
            id: `${id}:${String(one.id)}`,
            accountId: id,
            kind: one.kind,
            nanos: back ? -one.nanos : one.nanos,
            source: 'GRANT',
            priority: one.priority,
            expiresAt: one.livesMs === undefined ? undefined : new Date(now + one.livesMs),
            lotId: `${id}:${String(one.lot)}`,
            actor: 'system',
          };
          expect(await store.post(ledger.db, command)).toBe(model.post(command, now));
        } else if (one.do === 'group') {
          const settles = one.settles.map((settle): SettleCommand => ({
            runId: runOf(settle.account, settle.run),
            accountId: of(settle.account).id,
            nanos: settle.nanos,
            details: {},
          }));
          const holds = one.holds.map((hold): HoldCommand => ({
            runId: runOf(hold.account, hold.run),
            accountId: of(hold.account).id,
            keyId: null,
            nanos: hold.nanos,
            ttlMs: hold.ttlMs,
            idempotency:
              hold.key === undefined
                ? undefined
                : { key: `k${String(hold.key)}`, requestHash: Buffer.alloc(32, hold.body) },
            details: {},
          }));
          // A client makes an id for each run: two commands of one kind for one run never meet in a group.
          const once = <T extends { runId: RunId }>(commands: T[]) => [
            ...new Map(commands.map((command) => [command.runId, command])).values(),
          ];
          const group = { settles: once(settles), holds: once(holds) };
          const answers = await store.apply(ledger.db, group.settles, group.holds);
          const modelOf = (accountId: AccountId) => elementOf(models, ids.indexOf(accountId));
          const touched = new Set(
            [...group.settles, ...group.holds].map(({ accountId }) => modelOf(accountId)),
          );
          // The database ends what is open first, then what had ended before.
          for (const model of touched) model.expire(now);
          const open = ({ runId, accountId, nanos }: SettleCommand) => {
            const hold = modelOf(accountId).holds.get(runId);
            return hold !== undefined && (nanos === null || nanos <= hold.amount) ? 0 : 1;
          };
          const inOrder = group.settles
            .map((command, at) => ({ command, at, late: open(command) }))
            .sort((a, b) => a.late - b.late || a.at - b.at);
          const expected: string[] = [];
          for (const { command, at } of inOrder) {
            expected[at] = modelOf(command.accountId).settle(command, now);
          }
          expect(answers.settles.map(({ status }) => status)).toEqual(expected);
          if (holds.length > 0) for (const model of touched) model.expire(now);
          expect(answers.holds.map(({ status }) => status)).toEqual(
            group.holds.map((command) => modelOf(command.accountId).hold(command, now)),
          );
        } else {
          await store.expireHolds(ledger.db, 1_000);
          await store.expireCredit(ledger.db, 1_000);
          for (const model of models) {
            model.expireHolds(now);
            model.expire(now);
          }
        }
        for (const [at, accountId] of ids.entries()) {
          const { model } = of(at);
          const [row] = await ledger.database.query<Record<string, string>>(
            `SELECT b.posted, b.held, b.debt,
                    (SELECT coalesce(json_object_agg(id, remaining), '{}') FROM credit_lot l WHERE l.account_id = b.account_id) AS lots
               FROM account_balance b WHERE account_id = $1`,
            [accountId],
          );
          const lots = Object.fromEntries(model.lots.map((lot) => [lot.id, Number(lot.left)]));
          const { posted, held, debt } = model;
          expect(row).toEqual({
            posted: String(posted),
            held: String(held),
            debt: String(debt),
            lots,
          });
        }
      }
      await ledger.verify();
    }),
    { numRuns: Number(process.env.LEDGER_RUNS ?? 60) },
  );
  expect(scenarios).toBeGreaterThan(0);
}, 600_000);
