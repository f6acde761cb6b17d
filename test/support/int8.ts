import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openCheckpoint } from '../../src/siglip/checkpoint.js';
import { DataFile } from '../../src/siglip/data-file.js';
import { quantizedStacks, writeInt8Weights } from '../../src/siglip/quantize.js';
import { temporaryFolder } from './folder.js';

const DATA_FILE = 'weights.int8.bin';

/** Gives each column of each int8 weight of a compiled model the scale of the column after it. */
export async function breakScales(folder: string): Promise<void> {
  const { config, weights } = await openCheckpoint(folder);
  const scratch = temporaryFolder();
  // Written once more, as the places of the scales are told to the graphs alone.
  const target = await DataFile.create(path.join(scratch.path, DATA_FILE), DATA_FILE);
  try {
    const matrices = await writeInt8Weights(weights, quantizedStacks(config), target, {});
    const file = path.join(folder, DATA_FILE);
    const bytes = readFileSync(file);
    for (const { scales } of matrices.values()) {
      const all = bytes.subarray(scales.offset, scales.offset + scales.bytes);
      Buffer.concat([all.subarray(4), all.subarray(0, 4)]).copy(all);
    }
    writeFileSync(file, bytes);
  } finally {
    await target.close();
    await weights.close();
    scratch.remove();
  }
}
