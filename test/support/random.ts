/** Numbers that look random, and are the same for the same seed (mulberry32). */
export class Random {
  private state: number;

  constructor(private readonly seed: number) {
    this.state = seed | 0;
  }

  /** 0 or more, less than 1. */
  readonly next = (): number => {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let bits = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };

  /** A whole number; both ends can come. */
  int(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** True that often. @param share 0–1 */
  chance(share: number): boolean {
    return this.next() < share;
  }

  /** One of a list; undefined when there is none. */
  pick<T>(list: readonly T[]): T | undefined {
    return list[this.int(0, list.length - 1)];
  }

  /** A sequence of its own: what it gives does not depend on what others draw in the meantime. */
  fork(name: string): Random {
    let seed = this.seed;
    for (const character of name)
      seed = Math.imul(seed ^ (character.codePointAt(0) ?? 0), 16777619);
    return new Random(seed);
  }

  /**
   * Deals cards from a deck, and mixes it again when it is empty: each comes as often as it says, soon.
   * @param counts how many of each are in the deck
   */
  deck<Card extends string>(counts: Readonly<Record<Card, number>>): () => Card {
    const all = (Object.entries(counts) as [Card, number][]).flatMap(([card, count]) =>
      Array<Card>(count).fill(card),
    );
    let left: Card[] = [];
    return () => {
      if (left.length === 0) left = [...all];
      const [card] = left.splice(this.int(0, left.length - 1), 1);
      if (card === undefined) throw new RangeError('The deck has no cards.');
      return card;
    };
  }
}
