import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { CreditsService } from '../../src/credits/index.js';
import { bankLife, operatorLife } from '../support/payment-bank.js';
import { customerLife } from '../support/payment-customers.js';
import { check, makeCodes, settle, SETTLE_MS, signUpOperator } from '../support/payment-end.js';
import { moveTime, Tally } from '../support/payment-trouble.js';
import { ASKED_AGAIN, type World } from '../support/payment-world.js';
import { killLeftServers, until } from '../support/process.js';
import { Random } from '../support/random.js';
import { callRest } from '../support/rest.js';
import { auditBatches, auditCaller } from '../support/soak-auditor.js';
import { faultLife, recovered, soakFaults } from '../support/soak-faults.js';
import { SoakLog } from '../support/soak-log.js';
import { CREDIT, makePeople, type SoakPeople } from '../support/soak-people.js';
import { type SoakRig, startSoakRig } from '../support/soak-rig.js';

/** `npm run test:soak` runs ten minutes. By default each kind of fault comes once. */
const MINUTES = Number(process.env.SOAK_MINUTES ?? 0);
const SEED = Number(process.env.SOAK_SEED ?? randomInt(2 ** 31));
/** Names of kinds of faults; by default all. */
const ONLY = new RegExp(process.env.SOAK_ONLY ?? '');
const REPORT = process.env.SOAK_REPORT;
const CUSTOMERS = 3;
/** How long each kind of fault may take, once, on a slow machine. */
const ROUND_MS = 1_500_000;
/** Between two turns of the clock, and by how much: for retries and leases. */
const [TURN_MS, LEAP_S] = [4_000, 45];

const say = (line: string) => process.stderr.write(`${line}\n`);
let rig: SoakRig | undefined;
afterAll(async () => {
  const left = await rig?.stop();
  await killLeftServers();
  expect(left ?? []).toEqual([]);
});

test(
  'whatever is killed, cut, silent, full, read-only or wrong: everything heals, and all books agree',
  async () => {
    say(`soak: SOAK_SEED=${String(SEED)}, ${String(MINUTES)} min at least`);
    try {
      await soak(new Random(SEED));
    } catch (cause) {
      throw new Error(`The soak of SOAK_SEED=${String(SEED)} failed.`, { cause });
    }
  },
  MINUTES * 60_000 + ROUND_MS + 3 * SETTLE_MS,
);

async function soak(random: Random): Promise<void> {
  rig = await startSoakRig(random.fork('balancer'));
  const { payments } = rig;
  const since = new Date();
  const log = new SoakLog();
  let over = false;
  const tally = new Tally((what) => {
    if (what.startsWith(ASKED_AGAIN)) log.see(what.slice(ASKED_AGAIN.length));
  });
  const site = { url: payments.url, log, isOver: () => over };
  const world: World = {
    rig: payments,
    tally,
    credits: new CreditsService(payments.db),
    customers: [],
    refunds: [],
    operator: await signUpOperator(payments),
    isOver: () => over,
  };
  await makeCodes(world);
  const people = await makePeople(world, site, random.fork('people'));

  const lives = [
    ...people.callers.map((caller) => caller.life()),
    people.batches.life(),
    people.owner.life(),
    ...Array.from({ length: CUSTOMERS }, (_, n) =>
      customerLife(world, random.fork(`customer ${String(n)}`)),
    ),
    bankLife(world, random.fork('bank')),
    operatorLife(world, random.fork('operator')),
    turnClock(world),
  ];
  const all = soakFaults(rig, random.fork('faults'), log);
  const faults = Object.fromEntries(Object.entries(all).filter(([name]) => ONLY.test(name)));
  if (rig.disks === undefined) {
    say('soak: no disk is ever full: only root can mount the small file systems for it.');
  }
  const overAt = performance.now() + MINUTES * 60_000;
  const trouble = faultLife(rig, faults, random.fork('trouble'), {
    log,
    say,
    isOver: () => over || performance.now() > overAt,
  });
  try {
    // When one of them fails, the rest need not go on.
    await Promise.race([Promise.all(lives), trouble]);
  } finally {
    over = true;
    await Promise.allSettled([...lives, trouble]);
    report(log);
  }
  await Promise.all(lives);
  await trouble;

  await recovered(rig);
  await drain(world, people);
  await settle(world, random.fork('end'));
  await check(world, since, random.fork('check'));
  expect(await auditPeople(world, people)).toEqual([]);
  // A fault that nobody noticed was none.
  expect(
    Object.entries(faults).flatMap(([name, { proof }]) =>
      log.seen(name, proof) === 0 ? [`${name}: ${String(proof)} was not seen`] : [],
    ),
  ).toEqual([]);
  expect([...log.allEffects()].filter((effect) => effect === 'INTERNAL')).toEqual([]);
  expect(payments.servers.flatMap(({ failures }) => failures)).toEqual([]);
  say(
    `soak: SOAK_SEED=${String(SEED)}: verify, reconcile and both audits agree.\n  ${String(tally)}`,
  );
}

function report(log: SoakLog): void {
  say(log.toTable());
  if (REPORT !== undefined) writeFileSync(REPORT, `${log.toTable()}\n`);
  for (const failure of rig?.payments.servers.flatMap(({ failures }) => failures) ?? [])
    say(failure);
  const errors = rig?.payments.servers.flatMap((server) => server.linesWith(/"level":(50|60)/));
  const messages = new Map<string, string>();
  for (const line of errors ?? []) messages.set(/"msg":"[^"]*"/.exec(line)?.[0] ?? line, line);
  for (const line of messages.values()) say(line.slice(0, 600));
}

/** What waits for a time waits less. */
async function turnClock(world: World): Promise<void> {
  while (!world.isOver()) {
    await pause(TURN_MS);
    await moveTime(world.rig, LEAP_S);
  }
}

/** Batches end, mails are sent, and nothing is held for calls any more. */
async function drain({ rig: { db } }: World, { batches, callers }: SoakPeople): Promise<void> {
  for (const batch of batches.batches) {
    await until(`${batch.id} to end`, async () => (await batches.hasEnded(batch)) || undefined);
  }
  const ids = [...callers, batches].map(({ accountId }) => accountId);
  await until('nothing to be held', async () => {
    const held = await db.query(
      'SELECT FROM account_balance WHERE account_id = ANY ($1) AND held <> 0',
      [ids],
    );
    return held.length === 0 ? true : undefined;
  });
}

async function auditPeople(
  { rig: { db, servers } }: World,
  { callers, batches, owner, boss, memberId }: SoakPeople,
): Promise<string[]> {
  const findings: string[] = [];
  for (const caller of callers) findings.push(...(await auditCaller(db, caller, CREDIT)));
  findings.push(...(await auditBatches(db, batches, CREDIT)));
  // Both servers know which keys are good.
  for (const { port } of servers) {
    const url = `http://127.0.0.1:${String(port)}`;
    const statusOf = async (secret: string) =>
      (await callRest(url, 'GET', '/api/v1/credits', { secret })).status;
    // Few enough that no limit of failed credentials is reached.
    for (const secret of [...owner.revoked].slice(-10)) {
      const status = await statusOf(secret);
      // Many that are not valid come from one network: after some the answer is a limit.
      if (![401, 429].includes(status)) findings.push(`a revoked key: ${String(status)}`);
    }
    for (const secret of owner.live.keys()) {
      const status = await statusOf(secret);
      if (status !== 200) findings.push(`a key: ${String(status)}`);
    }
  }
  const { body } = await boss.gql('{ account { members { nodes { role user { id } } } } }');
  const members = body.data.account.members.nodes as { user: { id: string }; role: string }[];
  const member = members.find(({ user }) => user.id === memberId);
  if (member?.role !== owner.role) findings.push(`the member is ${String(member?.role)}`);
  return findings;
}
