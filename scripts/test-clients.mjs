// Runs clients that other people wrote, unchanged, against a server of this checkout: `npm run test:clients`. Prints
// what works; `--write` puts the table into docs/clients.md. Clients are installed outside of the repository, in
// CLIENTS_DIR. A language that is not installed is skipped with its reason; with CI=true that is a failure.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { startServer } from './clients-server.mjs';
import { node, prepare, root } from './prepare.mjs';

const CLIENTS = path.join(root, 'clients');
const INSTALLED =
  process.env.CLIENTS_DIR ?? path.join(homedir(), '.cache', 'gigarouter', 'clients');
const DOCUMENT = path.join(root, 'docs/clients.md');
const MARKS = ['<!-- table: npm run test:clients -- --write -->', '<!-- end of the table -->'];
const PYTHONS = ['python3.13', 'python3.12', 'python3.11', 'python3'];
const CHROMIUMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** A language, or a browser, that is not here. */
class Missing extends Error {}

/** What each needs, and the command that prints a line of JSON for each operation. */
const RUNNERS = [
  { name: 'JavaScript', prepare: () => [node(), path.join(packages(), 'run.mjs')] },
  { name: 'Python', prepare: () => [python(), path.join(CLIENTS, 'python/run.py')] },
  {
    name: 'Schemathesis',
    prepare: () => [
      python('schemathesis/requirements.txt'),
      path.join(CLIENTS, 'schemathesis/run.py'),
    ],
  },
  { name: 'Go', prepare: () => [go(), 'run', '.'], cwd: path.join(CLIENTS, 'go') },
  {
    name: 'Browser',
    prepare: () => [node(), path.join(packages(), 'browser.mjs')],
    env: () => ({ GIGAROUTER_CHROMIUM: chromium() }),
  },
];

prepare({ all: true });
const args = process.argv.slice(2);
const wanted = RUNNERS.filter(({ name }) => {
  const named = args.filter((one) => !one.startsWith('--'));
  return named.length === 0 || named.includes(name.toLowerCase());
});
const data = mkdtempSync(path.join(tmpdir(), 'gigarouter-clients-'));
const server = await startServer(data);
const lines = [];
try {
  for (const runner of wanted) {
    process.stderr.write(`${runner.name} …\n`);
    lines.push(...(await runAll(runner)));
  }
} finally {
  server.kill('SIGTERM');
  await new Promise((resolve) => server.once('exit', resolve));
  rmSync(data, { recursive: true, force: true });
}
const table = tableOf(lines);
process.stdout.write(`\n${table}\n`);
for (const { client, operation, detail } of lines) {
  if (detail !== undefined) process.stdout.write(`${client}, ${operation}: ${detail}\n`);
}
if (args.includes('--write')) writeTable(table);
const count = (result) => lines.filter((line) => line.result === result).length;
const [passed, failed, skipped] = ['passed', 'failed', 'skipped'].map(count);
process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = failed > 0 || (process.env.CI === 'true' && skipped > 0) ? 1 : 0;

/** The lines that a runner prints, or one that says why it did not run. */
async function runAll({ name, prepare: command, cwd, env }) {
  try {
    const [program, ...rest] = command();
    const output = await outputOf(program, rest, { cwd, env: env?.() });
    return output.map((line) => ({ language: name, ...line }));
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    const line = { client: 'all', version: '', operation: 'all', detail: error.message };
    return [{ language: name, ...line, result: 'skipped' }];
  }
}

function outputOf(program, rest, { cwd = CLIENTS, env = {} }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [text, errors] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk) => (errors += chunk));
    child.on('error', reject);
    child.on('close', (status) => {
      if (status !== 0) {
        reject(new Error(`${program} ended with ${status}:\n${errors.slice(-3_000)}`));
        return;
      }
      const found = text.split('\n').filter((line) => line.startsWith('{'));
      resolve(found.map((line) => JSON.parse(line)));
    });
  });
}

/** The folder of the npm clients, installed as their lock file says. */
function packages() {
  const folder = installed('js', ['js/package.json', 'js/package-lock.json']);
  for (const file of readdirSync(path.join(CLIENTS, 'js'))) {
    cpSync(path.join(CLIENTS, 'js', file), path.join(folder, file));
  }
  if (!existsSync(path.join(folder, 'node_modules'))) {
    orFail('npm', ['ci', '--legacy-peer-deps', '--ignore-scripts', '--no-audit'], folder);
  }
  return folder;
}

/** The interpreter of a virtual environment that has the Python clients. */
function python(requirements = 'python/requirements.txt') {
  const found = PYTHONS.find((name) => {
    const code = 'import sys, venv; sys.exit(sys.version_info < (3, 11))';
    return spawnSync(name, ['-c', code]).status === 0;
  });
  if (found === undefined) throw new Missing('Python 3.11 or newer is not installed.');
  const folder = installed(path.dirname(requirements), [requirements]);
  const interpreter = path.join(folder, 'bin/python');
  if (!existsSync(path.join(folder, '.complete'))) {
    orFail(found, ['-m', 'venv', folder]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-compile', '-r'];
    orFail(interpreter, [...pip, path.join(CLIENTS, requirements)]);
    writeFileSync(path.join(folder, '.complete'), '');
  }
  return interpreter;
}

function go() {
  if (spawnSync('go', ['version']).status === 0) return 'go';
  throw new Missing('Go is not installed.');
}

function chromium() {
  const found = CHROMIUMS.find((name) => spawnSync(name, ['--version']).status === 0);
  if (found !== undefined) return spawnSync('which', [found], { encoding: 'utf8' }).stdout.trim();
  throw new Missing('Chromium is not installed.');
}

/** A folder for what some files list: another one as soon as they change. */
function installed(name, files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(path.join(CLIENTS, file)));
  const folder = path.join(INSTALLED, `${name}-${hash.digest('hex').slice(0, 16)}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

function orFail(program, rest, cwd = CLIENTS) {
  const { status, stdout, stderr } = spawnSync(program, rest, { cwd, encoding: 'utf8' });
  if (status === 0) return;
  throw new Error(`${program} ${rest[0]} failed:\n${stdout}${stderr}`);
}

function tableOf(all) {
  const head = ['client', 'version', 'operation', 'result'];
  const rows = all.map(({ language, client, version, operation, result }) => [
    `${client} (${language})`,
    version,
    operation,
    result,
  ]);
  const widths = head.map((title, at) =>
    Math.max(title.length, ...rows.map((row) => row[at].length)),
  );
  const write = (row) => `| ${row.map((cell, at) => cell.padEnd(widths[at])).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [write(head), rule, ...rows.map(write)].join('\n');
}

function writeTable(text) {
  const [begin, end] = MARKS;
  const document = readFileSync(DOCUMENT, 'utf8');
  const [before, rest] = document.split(begin);
  const [, after] = rest.split(end);
  writeFileSync(DOCUMENT, `${before}${begin}\n\n${text}\n\n${end}${after}`);
}
