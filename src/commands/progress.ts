import type { Say } from '../app/startup.js';

/** One moment of long work. */
export interface Step {
  /** What is being worked on, such as a file. */
  readonly name: string;
  readonly done: number;
  readonly all: number;
}

export const MEGABYTES = { name: 'MB', size: 1e6 };

const BAR_WIDTH = 24;

/**
 * Shows the progress of long work: a bar with speed and time left on a terminal, else a line at each quarter.
 *
 * @param unit divides what is shown, such as 1e6 for bytes in MB
 */
export function progressBar(
  say: Say,
  unit: { readonly name: string; readonly size: number },
): (step: Step) => void {
  const quartersSaid = new Map<string, number>();
  const begun = new Map<string, { readonly atMs: number; readonly done: number }>();
  return ({ name, done, all }) => {
    const share = all === 0 ? 1 : done / all;
    const amount = (count: number) => (count / unit.size).toFixed(1);
    const text = `${name}: ${amount(done)} of ${amount(all)} ${unit.name}`;
    if (process.stderr.isTTY) {
      const nowMs = performance.now();
      const first = begun.get(name) ?? { atMs: nowMs, done };
      begun.set(name, first);
      const filled = Math.floor(share * BAR_WIDTH);
      const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
      const pace = paceOf({ done: done - first.done, left: all - done }, nowMs - first.atMs, unit);
      process.stderr.write(`\r\u001b[K${bar} ${text}${pace}${done >= all ? '\n' : ''}`);
      return;
    }
    const quarter = Math.floor(share * 4);
    if (quarter <= (quartersSaid.get(name) ?? 0)) return;
    quartersSaid.set(name, quarter);
    say(text);
  };
}

/** `, 12.3 MB/s, 40 s left`; nothing in the first half second, whose speed says nothing. */
export function paceOf(
  { done, left }: { readonly done: number; readonly left: number },
  elapsedMs: number,
  unit: { readonly name: string; readonly size: number },
): string {
  if (elapsedMs < 500 || done <= 0) return '';
  const perSecond = done / (elapsedMs / 1_000);
  const speed = `, ${(perSecond / unit.size).toFixed(1)} ${unit.name}/s`;
  const seconds = Math.ceil(left / perSecond);
  if (seconds <= 0) return speed;
  const minutes = Math.floor(seconds / 60);
  const time =
    minutes === 0 ? `${String(seconds)} s` : `${String(minutes)} min ${String(seconds % 60)} s`;
  return `${speed}, ${time} left`;
}
