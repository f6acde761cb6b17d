import type { Say } from '../app/startup.js';

/** One moment of long work. */
export interface Step {
  /** What is being worked on, as a file. */
  readonly name: string;
  readonly done: number;
  readonly all: number;
}

const BAR_WIDTH = 24;

/**
 * Shows long work: a bar that moves where somebody watches, else a line at each quarter.
 *
 * @param unit divides what is shown, as 1e6 for bytes in MB
 */
export function progressBar(
  say: Say,
  unit: { readonly name: string; readonly size: number },
): (step: Step) => void {
  const quartersSaid = new Map<string, number>();
  return ({ name, done, all }) => {
    const share = all === 0 ? 1 : done / all;
    const amount = (count: number) => (count / unit.size).toFixed(1);
    const text = `${name}: ${amount(done)} of ${amount(all)} ${unit.name}`;
    if (process.stderr.isTTY) {
      const filled = Math.floor(share * BAR_WIDTH);
      const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
      process.stderr.write(`\r\u001b[K${bar} ${text}${done >= all ? '\n' : ''}`);
      return;
    }
    const quarter = Math.floor(share * 4);
    if (quarter <= (quartersSaid.get(name) ?? 0)) return;
    quartersSaid.set(name, quarter);
    say(text);
  };
}
