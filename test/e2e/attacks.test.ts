import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Attack, OWNED_KINDS, send, type World } from '../attacks/attack.js';
import { ATTACKS } from '../attacks/index.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo, newOperator } from '../support/operators.js';
import { MAKERS, newSide } from '../support/owned-objects.js';
import { startPlatform } from '../support/platform.js';

/** `npm run test:attack` writes the outcomes there. */
const REPORT = process.env.ATTACK_REPORT;
const BEGIN = '<!-- attacks: written by npm run test:attack -->';
const END = '<!-- end of attacks -->';

const outbox = temporaryFolder();
const uploads = temporaryFolder();
let world: World;
beforeAll(async () => {
  const t = await startPlatform({
    ...mailTo(outbox.path),
    uploads: { folder: uploads.path, ttlS: 3_600, accountBytesMax: 2 ** 30 },
  });
  const victim = await newSide(t, outbox.path);
  const owned = await Promise.all(
    OWNED_KINDS.map(async (kind) => [kind, await MAKERS[kind](t, victim)] as const),
  );
  world = {
    t,
    outboxDir: outbox.path,
    operator: await newOperator(t, outbox.path),
    victim,
    owned: Object.fromEntries(owned) as World['owned'],
    attacker: await newSide(t, outbox.path),
  };
});
afterAll(async () => {
  await world.t.stop();
  outbox.remove();
  uploads.remove();
});

const outcomes = new Map<string, string>();
const all = Object.values(ATTACKS).flat();
const balanceOf = async (side: World['victim']) =>
  (await world.t.app.services.credits.balance(side.accountId)).postedNanos;
const unexpected = () => world.t.log.filter((line) => line.includes('unexpected error'));

/** Whatever was tried: the next honest request is answered, nothing was an error of the server, and nobody has paid. */
async function survives({ run, pays }: Attack): Promise<string> {
  const [victim, attacker, errors] = [
    await balanceOf(world.victim),
    await balanceOf(world.attacker),
    unexpected().length,
  ];
  const outcome = await run(world);
  const { status } = await send(world, '/graphql', { body: { query: '{ tasks { task } }' } });
  expect(status).toBe(200);
  expect(unexpected().slice(errors)).toEqual([]);
  // What it has made for itself by attacks is not its own: `pays` says what it may have bought.
  expect(await balanceOf(world.victim)).toBe(victim);
  if (pays !== true) expect(await balanceOf(world.attacker)).toBe(attacker);
  return outcome;
}

test('there are at least 120 attacks, each with an id of its own', () => {
  expect(all.length).toBeGreaterThanOrEqual(120);
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
});

describe.each(Object.entries(ATTACKS))('%s', (_name, attacks) => {
  test.each(attacks.map((attack) => [attack.id, attack.attempt, attack] as const))(
    '%s: %s',
    async (id, _attempt, attack) => {
      outcomes.set(id, await survives(attack));
    },
  );
});

test('and the ledger holds', async () => {
  await world.t.verify();
});

afterAll(() => {
  if (REPORT === undefined) return;
  const sections = Object.entries(ATTACKS).map(([name, attacks]) => {
    const rows = attacks.map(
      ({ id, requirement, attempt }) =>
        `| ${[id, requirement, attempt, outcomes.get(id) ?? '**it worked**'].map(cell).join(' | ')} |`,
    );
    return `### ${name}\n\n| Attack | Requirement | What is tried | What comes of it |\n| --- | --- | --- | --- |\n${rows.join('\n')}`;
  });
  const file = path.resolve(REPORT);
  const [before = ''] = readFileSync(file, 'utf8').split(BEGIN);
  const after = readFileSync(file, 'utf8').split(END)[1] ?? '\n';
  writeFileSync(file, `${before}${BEGIN}\n\n${sections.join('\n\n')}\n\n${END}${after}`);
});

/** Text as it stands in a cell of a Markdown table. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
