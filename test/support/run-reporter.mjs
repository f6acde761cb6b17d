import path from 'node:path';
import { describeProcessor } from '../../scripts/processor.mjs';

const FILES = 20;

/** Says on what machine the tests run, and at the end which files took longest. */
export default class RunReporter {
  onRunStart() {
    process.stdout.write(`${describeProcessor()}\n`);
  }

  onRunComplete(_contexts, { testResults }) {
    if (testResults.length < 2) return;
    const slowest = testResults
      .map(({ testFilePath, perfStats: { start, end } }) => ({
        file: path.relative(process.cwd(), testFilePath),
        seconds: (end - start) / 1_000,
      }))
      .sort((a, b) => b.seconds - a.seconds)
      .slice(0, FILES);
    const lines = slowest.map(
      ({ file, seconds }) => `${seconds.toFixed(1).padStart(8)} s  ${file}`,
    );
    process.stdout.write(
      `\nThe slowest ${String(slowest.length)} of ${String(testResults.length)} test files:\n${lines.join('\n')}\n`,
    );
  }
}
