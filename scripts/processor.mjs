import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';

/** Instruction sets that decide which kernels multiply matrices, as Linux, and then macOS, name them. */
const INSTRUCTION_SETS = [
  ['sse4_1', 'SSE4.1'],
  ['avx2', 'AVX2.0'],
  ['fma', 'FMA'],
  ['avx512f', 'AVX512F'],
  ['avx512bw', 'AVX512BW'],
  ['avx512_vnni', 'AVX512VNNI'],
  ['avx_vnni'],
  ['amx_int8'],
  ['asimddp', 'hw.optional.arm.FEAT_DotProd: 1'],
  ['i8mm', 'hw.optional.arm.FEAT_I8MM: 1'],
  ['sve'],
];

/** The processor, its cores and those of its instruction sets that matter here, as one line. */
export function describeProcessor() {
  const flags = readFlags();
  const names = INSTRUCTION_SETS.filter((spellings) => spellings.some((name) => flags.has(name)));
  const sets =
    names.length === 0 ? 'instruction sets unknown' : names.map(([name]) => name).join(' ');
  const model = os.cpus()[0]?.model.trim() || 'processor unknown';
  return `Processor: ${model}, ${String(os.availableParallelism())} cores, ${process.arch}: ${sets}`;
}

function readFlags() {
  try {
    if (process.platform === 'linux') {
      const text = readFileSync('/proc/cpuinfo', 'utf8');
      return new Set(/^(?:flags|Features)\s*:(.*)$/m.exec(text)?.[1]?.split(' '));
    }
    if (process.platform === 'darwin') {
      const names = ['machdep.cpu.features', 'machdep.cpu.leaf7_features', 'hw.optional.arm'];
      const text = execFileSync('sysctl', names, {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      return new Set(text.split(/[\n ]/).concat(text.split('\n')));
    }
  } catch {
    // Only for the line that is printed.
  }
  return new Set();
}
