import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';

/** Instruction sets that decide which kernels multiply matrices: as Linux names them, and as macOS does. */
const INSTRUCTION_SETS = [
  ['sse4_1', 'SSE4.1'],
  ['sse4_2', 'SSE4.2'],
  ['avx2', 'AVX2'],
  ['fma', 'FMA'],
  ['avx512f', 'AVX512F'],
  ['avx512bw', 'AVX512BW'],
  ['avx512_vnni', 'AVX512VNNI'],
  ['avx_vnni'],
  ['avx_vnni_int8'],
  ['amx_int8'],
  ['asimddp', 'FEAT_DotProd'],
  ['i8mm', 'FEAT_I8MM'],
  ['sve'],
  ['sme', 'FEAT_SME'],
  ['sme2', 'FEAT_SME2'],
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
    if (process.platform === 'linux') return linuxFlags(readFileSync('/proc/cpuinfo', 'utf8'));
    if (process.platform === 'darwin') {
      // -i: names that this processor does not have are no error.
      const names = ['machdep.cpu.features', 'machdep.cpu.leaf7_features', 'hw.optional.arm'];
      return macFlags(execFileSync('sysctl', ['-i', ...names], { encoding: 'utf8' }));
    }
  } catch {
    // Only for the line that is printed.
  }
  return new Set();
}

/** Of `/proc/cpuinfo`. */
function linuxFlags(text) {
  return new Set(/^(?:flags|Features)\s*:(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/));
}

/** Of `sysctl`: words of Intel's lists, and what is 1 on Apple silicon. */
function macFlags(text) {
  const flags = new Set();
  for (const line of text.split('\n')) {
    const arm = /^hw\.optional\.arm\.(\w+): 1$/.exec(line);
    if (arm) flags.add(arm[1]);
    else if (line.startsWith('machdep.cpu.')) {
      for (const word of line
        .slice(line.indexOf(':') + 1)
        .trim()
        .split(/\s+/))
        flags.add(word);
    }
  }
  return flags;
}
