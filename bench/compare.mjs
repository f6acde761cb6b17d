// Runs a benchmark of this checkout and of another one in turns, so that both meet the same machine: what an older
// commit reached on some other day says little.
// `npm run bench:compare -- --base ../gigarouter-before --bench calls --turns 5 --seconds 5 --json`
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { median, print, round } from './report.mjs';

const USAGE =
  'Usage: npm run bench:compare -- --base FOLDER [--bench calls|ledger|sign-ins] [--turns 5] [--seconds 5] [--json]';
const { values: options } = parseArgs({
  options: {
    base: { type: 'string' },
    bench: { type: 'string', default: 'calls' },
    turns: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help || options.base === undefined) {
  console.log(USAGE);
  process.exit(options.help ? 0 : 2);
}
const { bench, seconds } = options;
// The median of an even number would be one of the two in the middle.
if (Number(options.turns) % 2 !== 1) throw new RangeError('--turns must be odd.');
const root = path.resolve(import.meta.dirname, '..');
const checkouts = { base: path.resolve(options.base), this: root };

/** Figures of one round in a checkout, by name. The results that lie there stay as they are. */
function figuresOf(checkout) {
  const file = path.join(checkout, `bench/results/${bench}.json`);
  const kept = existsSync(file) ? readFileSync(file) : undefined;
  const args = ['scripts/bench.mjs', bench, '--seconds', seconds, '--rounds', '1', '--json'];
  try {
    const { status } = spawnSync(process.execPath, args, {
      cwd: checkout,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (status !== 0) throw new Error(`${bench} failed in ${checkout}.`);
    return numbersIn(JSON.parse(readFileSync(file, 'utf8')));
  } finally {
    if (kept === undefined) rmSync(file, { force: true });
    else writeFileSync(file, kept);
  }
}

/** All numbers of an object by their paths, without the rates that names of rows end with. */
function numbersIn(value, name = '') {
  if (typeof value === 'number') return { [name.replace(/, \d+ calls\/s/, '')]: value };
  if (value === null || typeof value !== 'object') return {};
  return Object.assign(
    {},
    ...Object.entries(value).map(([key, one]) =>
      numbersIn(one, name === '' ? key : `${name} · ${key}`),
    ),
  );
}

const commitOf = (cwd) =>
  spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd, encoding: 'utf8' }).stdout.trim();

const measured = { base: [], this: [] };
for (let turn = 0; turn < Number(options.turns); turn++) {
  // Whichever comes first meets another machine than the second: they take turns in that, too.
  const order = turn % 2 === 0 ? ['base', 'this'] : ['this', 'base'];
  for (const side of order) {
    measured[side].push(figuresOf(checkouts[side]));
    process.stderr.write(`turn ${String(turn + 1)}: ${side}\n`);
  }
}
/** What is the same in every round, as the number of connections, is no figure. */
const varies = (name) =>
  new Set([...measured.base, ...measured.this].map((figures) => figures[name])).size > 1;
const names = Object.keys(measured.this[0]).filter(
  (name) => name in measured.base[0] && varies(name),
);
const rows = Object.fromEntries(
  names.map((name) => {
    const of = (side) => measured[side].map((figures) => figures[name]);
    const spread = (all) => `${String(Math.min(...all))}–${String(Math.max(...all))}`;
    const ratios = of('this').map((value, turn) => value / of('base')[turn]);
    return [
      name,
      {
        base: median(of('base')),
        baseSpread: spread(of('base')),
        this: median(of('this')),
        thisSpread: spread(of('this')),
        ratio: round(median(ratios), 2),
        ratioSpread: spread(ratios.map((ratio) => round(ratio, 2))),
      },
    ];
  }),
);
const results = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${String(cpus().length)} × ${cpus()[0].model}`,
  node: process.version,
  base: commitOf(checkouts.base),
  this: commitOf(checkouts.this),
  turns: `${options.turns} of ${seconds} s, the two in turns; ratio: median of this over base, turn by turn`,
  figures: rows,
};
print(results);
if (options.json) {
  const file = path.join(root, `bench/results/compare-${bench}.json`);
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
}
