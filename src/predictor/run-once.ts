import type { RunGraph } from '../siglip/index.js';
import { Executor } from './executor.js';

const GRAPH = 'graph';

/** Loads one graph in a thread of its own, runs it once, and lets it go. */
export const runOnce: RunGraph = async (file, input) => {
  const executor = new Executor({ threads: 1, prepack: false }, () => undefined);
  try {
    await executor.load(GRAPH, file);
    const output = await executor.run(GRAPH, input);
    return { data: output.data as Float32Array };
  } finally {
    await executor.stop();
  }
};
