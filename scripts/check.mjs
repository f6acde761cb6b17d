// Checks everything that needs no database: `npm run check`, or `npm run check -- lint types` for some
// of it. Goes on after a failure; ends with 1 when anything failed.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { generate, install, node, root } from './prepare.mjs';

/** In the order in which they run: what has to be so, and the program that says whether it is. */
const STEPS = {
  format: ['Prettier would change nothing', 'node_modules/prettier/bin/prettier.cjs --check .'],
  lint: [
    'ESLint, of code and GraphQL schemas',
    `node_modules/eslint/bin/eslint.js ${lintOptions()} .`,
  ],
  types: ['TypeScript', 'node_modules/typescript/bin/tsc --noEmit'],
  boundaries: [
    'imports follow .dependency-cruiser.cjs',
    'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs -T err-long src packages web test bench scripts',
  ],
  unused: ['every file, export and package is used', 'node_modules/knip/bin/knip.js --no-progress'],
  spelling: [
    'words are English, or in docs/words.txt',
    'node_modules/cspell/bin.mjs --no-progress --unique',
  ],
  operations: [
    'operations of web/ fit schema.graphql, and their types are up to date',
    'web/scripts/operations.mjs --check',
  ],
  prisma: ['schema.prisma is valid', 'node_modules/prisma/build/index.js validate'],
  schema: [
    'schema.graphql and schema.operator.graphql are what the code says',
    'scripts/run.mjs dist/cli.js schema --check',
  ],
};

const HELP = `Usage: npm run check [-- step …]

${Object.entries(STEPS)
  .map(([name, [fact]]) => `  ${name.padEnd(12)}${fact}\n`)
  .join('')}
Without a step, all of them. \`npm run format\` repairs the format, \`npx eslint --fix .\` some of the lint.
`;

const RESULTS = '.data/check-results.json';

/** The cache knows a file by its content, not by what it imports: CI does without. */
function lintOptions() {
  return `--max-warnings=0 ${process.env.CI ? '' : '--cache --cache-location=.data/eslint/'}`;
}

/** Runs one step, prints its line and, when it failed, what it wrote. */
function passes(name) {
  const startedAt = performance.now();
  const [, command] = STEPS[name];
  const { status, stdout, stderr } = spawnSync(node(), command.split(/ +/), {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: {
      ...process.env,
      CHECKPOINT_DISABLE: '1',
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
    },
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const passed = status === 0;
  process.stdout.write(
    `${passed ? 'ok  ' : 'FAIL'}  ${name.padEnd(10)}  ${seconds.padStart(5)} s\n`,
  );
  if (!passed) process.stdout.write(`\n${stdout}${stderr}\n`);
  return passed;
}

const wanted = process.argv.slice(2);
if (wanted.includes('--help') || wanted.includes('-h')) {
  process.stdout.write(HELP);
  process.exit();
}
const unknown = wanted.filter((name) => !Object.hasOwn(STEPS, name));
if (unknown.length > 0) {
  process.stderr.write(`No such check: ${unknown.join(', ')}\n\n${HELP}`);
  process.exit(2);
}

process.chdir(root);
rmSync(RESULTS, { force: true });
// Without compiling: code that does not compile fails its own steps, and the others still run.
install({ all: true });
generate();

const steps = Object.keys(STEPS).filter((name) => wanted.length === 0 || wanted.includes(name));
const failed = steps.filter((name) => !passes(name)).length;
mkdirSync('.data', { recursive: true });
writeFileSync(RESULTS, JSON.stringify({ passed: steps.length - failed, failed }));
if (failed > 0) process.exitCode = 1;
