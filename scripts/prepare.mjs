// What has to be there before anything runs: packages, Prisma's client, compiled code.
// Plain JavaScript on any Node ≥ 20, as nothing is installed yet when it first runs.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fetchExplorer } from './explorer.mjs';

export const root = path.resolve(import.meta.dirname, '..');
const inRoot = (...names) => path.join(root, ...names);

/**
 * Packages exactly as the lock file states them; does nothing when they are there.
 * @param all also those that only tests, checks and benchmarks need
 */
export function install({ all = false } = {}) {
  const stamp = inRoot('node_modules/.installed');
  const wanted = hashOf(['package-lock.json', '.npmrc'], `${process.platform}-${process.arch}`);
  const [installed, how] = (readIfThere(stamp) ?? '').split(' ');
  if (installed === wanted && (!all || how === 'all')) return;
  say('Installing packages; the first time takes about a minute …');
  const { program, args } = npmProgram();
  // Not `npm ci`: it wants the binaries of every platform in the lock file, and some registries do not
  // carry them all. Whatever NODE_ENV says of development packages.
  const which = [all ? '--include=dev' : '--omit=dev', '--include=optional'];
  tellTime('installing', () => {
    run(program, [...args, 'install', '--no-save', ...which, '--loglevel=error']);
  });
  removeForeignRuntimes();
  writeFileSync(stamp, all ? `${wanted} all` : wanted);
}

/**
 * ONNX Runtime comes with the binaries of all systems. Those of this one for another processor stay:
 * `npm run test:processors` runs them.
 */
function removeForeignRuntimes() {
  const bin = inRoot('node_modules/onnxruntime-node/bin');
  if (!existsSync(bin)) return;
  for (const api of readdirSync(bin)) {
    for (const platform of readdirSync(path.join(bin, api))) {
      if (platform === process.platform) continue;
      rmSync(path.join(bin, api, platform), { recursive: true, force: true });
    }
  }
}

/**
 * Does long work; where there is no terminal, says every 10 s that it goes on: from a process of its own, as this one
 * waits for programs.
 */
function tellTime(what, work) {
  if (process.stderr.isTTY) {
    work();
    return;
  }
  const script = `const parent = process.ppid; let seconds = 0; setInterval(() => {
    if (process.ppid !== parent) process.exit();
    seconds += 10;
    process.stderr.write(\`still ${what} (\${seconds} s)\\n\`);
  }, 10_000);`;
  const teller = spawn(process.execPath, ['-e', script], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  work();
  teller.kill();
}

/** The npm that runs this, or the one on the path. */
export function npmProgram() {
  const npm = process.env.npm_execpath;
  const [program, ...args] = npm ? [process.execPath, npm] : ['npm'];
  return { program, args };
}

/** explorer/vendor/, from the npm registry. */
export function explorer() {
  const { program, args } = npmProgram();
  const npm = (more, cwd) => {
    tellTime('fetching', () => run(program, [...args, ...more], { cwd, quiet: true }));
  };
  fetchExplorer(root, npm, say);
}

/** Prisma's client, from prisma/schema.prisma. */
export function generate() {
  const stamp = inRoot('node_modules/.generated');
  const wanted = hashOf(['prisma/schema.prisma', 'prisma.config.ts', 'package-lock.json']);
  if (readIfThere(stamp) === wanted && existsSync(inRoot('src/platform/prisma/client.ts'))) return;
  say('Generating the database client …');
  tellTime('generating', () => {
    runNode(['node_modules/prisma/build/index.js', 'generate', '--no-hints'], {
      quiet: true,
      env: { CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' },
    });
  });
  writeFileSync(stamp, wanted);
}

/** dist/, from src/; and packages/…/dist. */
export function build() {
  const stamp = inRoot('dist/.built');
  const packages = readdirSync(inRoot('packages')).map((name) => `packages/${name}`);
  const sources = ['src', ...packages.map((folder) => `${folder}/src`)]
    .flatMap((folder) =>
      readdirSync(inRoot(folder), { recursive: true }).map((name) => path.join(folder, name)),
    )
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  // The programs are bundled with the pages.
  const wanted = hashOf([
    ...sources.sort(),
    'web/dist/.built',
    'scripts/compile.mjs',
    'package-lock.json',
  ]);
  if (readIfThere(stamp) === wanted) return;
  say('Compiling …');
  rmSync(stamp, { force: true });
  tellTime('compiling', () => {
    runNode(['scripts/compile.mjs', '.', ...packages]);
  });
  writeFileSync(stamp, wanted);
}

/** web/dist/, from web/. */
export function buildWeb() {
  const stamp = inRoot('web/dist/.built');
  const sources = ['web/src', 'web/server']
    .flatMap((folder) =>
      readdirSync(inRoot(folder), { recursive: true }).map((name) => path.join(folder, name)),
    )
    .filter((name) => /\.(?:tsx?|css|svg)$/.test(name) && !name.endsWith('.test.ts'));
  const wanted = hashOf([...sources.sort(), 'web/build.mjs', 'package-lock.json']);
  if (readIfThere(stamp) === wanted) return;
  say('Building the pages …');
  tellTime('building', () => {
    runNode(['web/build.mjs']);
  });
  writeFileSync(stamp, wanted);
}

/** @param all for tests, checks and benchmarks too */
export function prepare({ all = false } = {}) {
  install({ all });
  explorer();
  generate();
  buildWeb();
  build();
}

/** The Node that the project carries, or the one at hand where there is no package for the platform. */
export function node() {
  const carried = inRoot('node_modules/.bin/node');
  if (existsSync(carried)) return carried;
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 12)) return process.execPath;
  say(
    `Node ${process.versions.node} is too old and none is packaged for this platform: install Node 22.12 or newer.`,
  );
  process.exit(1);
}

/** Runs one program with the project's Node; ends the process with its status when it fails. */
export function runNode(args, options = {}) {
  run(node(), args, options);
}

export function say(line) {
  process.stderr.write(`${line}\n`);
}

function run(program, args, { cwd = root, env = {}, quiet = false } = {}) {
  const result = spawnSync(program, args, {
    cwd,
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    env: { ...process.env, ...env },
  });
  if (result.error) throw result.error;
  if (result.status === 0) return;
  if (quiet) process.stderr.write(`${result.stdout}${result.stderr}`);
  process.exit(result.status ?? 1);
}

function hashOf(files, extra = '') {
  const hash = createHash('sha256').update(extra);
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(inRoot(file)));
  return hash.digest('hex');
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
