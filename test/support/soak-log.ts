/** What callers saw of a kind of fault. */
interface FaultRow {
  times: number;
  readonly effects: Map<string, number>;
  /** Time that everything took to work again after each, in milliseconds. */
  readonly healMs: number[];
}

const BETWEEN = 'between faults';

/** Which faults were caused in a soak, and what was seen of each while it lasted. */
export class SoakLog {
  private readonly rows = new Map<string, FaultRow>();
  private current = BETWEEN;

  begin(fault: string): void {
    this.current = fault;
    this.rowOf(fault).times += 1;
  }

  /** @param healMs since the fault was removed */
  end(healMs: number): void {
    this.rowOf(this.current).healMs.push(healMs);
    this.current = BETWEEN;
  }

  /** Something was seen: the code of an answer, or "no answer". */
  readonly see = (effect: string, times = 1): void => {
    const { effects } = this.rowOf(this.current);
    effects.set(effect, (effects.get(effect) ?? 0) + times);
  };

  /** Number of effects of a kind of fault whose names match. */
  seen(fault: string, effect: RegExp): number {
    let sum = 0;
    for (const [name, times] of this.rowOf(fault).effects) if (effect.test(name)) sum += times;
    return sum;
  }

  /** What was seen of a kind of fault, as "3 × this, 2 × that". */
  describe(fault: string): string {
    return [...this.rowOf(fault).effects]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([effect, count]) => `${String(count)} × ${effect}`)
      .join(', ');
  }

  /** Every effect, whatever fault it was seen during. */
  allEffects(): Set<string> {
    return new Set([...this.rows.values()].flatMap(({ effects }) => [...effects.keys()]));
  }

  /** Markdown: one line for each kind of fault. */
  toTable(): string {
    const lines = [...this.rows]
      .filter(([, { times, effects }]) => times > 0 || effects.size > 0)
      .map(([fault, { times, healMs }]) => {
        const longest = healMs.length === 0 ? '' : (Math.max(...healMs) / 1_000).toFixed(1);
        return `| ${fault} | ${times === 0 ? '' : String(times)} | ${this.describe(fault)} | ${longest} |`;
      });
    return [
      '| Fault | Times | Seen | Longest recovery, s |',
      '| --- | --: | --- | --: |',
      ...lines,
    ].join('\n');
  }

  private rowOf(fault: string): FaultRow {
    let row = this.rows.get(fault);
    if (row === undefined) {
      row = { times: 0, effects: new Map(), healMs: [] };
      this.rows.set(fault, row);
    }
    return row;
  }
}
