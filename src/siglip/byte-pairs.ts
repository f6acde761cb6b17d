/**
 * Byte-pair encoding: merges the pair of the lowest rank, the leftmost of equals, until no pair has one
 * (tokenizers/src/models/bpe/word.rs, `merge_all`).
 */
export class BytePairs {
  /** Rank and result of a pair of ids, by `left · 2^21 + right`. */
  private readonly merges = new Map<number, { rank: number; id: number }>();

  /** @param merges in the order of their ranks; ids below 2^21 */
  constructor(merges: Iterable<{ left: number; right: number; id: number }>) {
    let rank = 0;
    for (const { left, right, id } of merges) {
      const key = left * ID_LIMIT + right;
      if (!this.merges.has(key)) this.merges.set(key, { rank, id });
      rank += 1;
    }
  }

  /** @param ids of the characters; takes `n · log n` for n of them */
  merge(ids: readonly number[]): number[] {
    const parts = [...ids];
    // Positions of the neighbors that are left; −1 for none. A part that was merged away has the id −1.
    const next = parts.map((_, at) => (at + 1 < parts.length ? at + 1 : -1));
    const previous = parts.map((_, at) => at - 1);
    const heap: Candidate[] = [];
    const offer = (left: number) => {
      const right = left < 0 ? -1 : (next[left] ?? -1);
      if (right < 0) return;
      const merge = this.merges.get((parts[left] ?? 0) * ID_LIMIT + (parts[right] ?? 0));
      if (merge) push(heap, { ...merge, left, was: [parts[left] ?? 0, parts[right] ?? 0] });
    };
    for (let at = 0; at + 1 < parts.length; at += 1) offer(at);
    for (let best = pop(heap); best !== undefined; best = pop(heap)) {
      const { left, id, was } = best;
      const right = next[left] ?? -1;
      if (parts[left] !== was[0] || right < 0 || parts[right] !== was[1]) continue;
      parts[left] = id;
      parts[right] = -1;
      const after = next[right] ?? -1;
      next[left] = after;
      if (after >= 0) previous[after] = left;
      offer(previous[left] ?? -1);
      offer(left);
    }
    return parts.filter((id) => id >= 0);
  }
}

/** Far above any vocabulary that is read. */
const ID_LIMIT = 2 ** 21;

interface Candidate {
  readonly rank: number;
  readonly id: number;
  readonly left: number;
  readonly was: readonly [number, number];
}

function isBefore(a: Candidate, b: Candidate): boolean {
  return a.rank < b.rank || (a.rank === b.rank && a.left < b.left);
}

function push(heap: Candidate[], candidate: Candidate): void {
  let at = heap.length;
  heap.push(candidate);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || !isBefore(candidate, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = candidate;
}

function pop(heap: Candidate[]): Candidate | undefined {
  const [first] = heap;
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    const [left, right] = [heap[child], heap[child + 1]];
    if (left === undefined) break;
    let below = left;
    if (right !== undefined && isBefore(right, left)) {
      below = right;
      child += 1;
    }
    if (!isBefore(below, last)) break;
    heap[at] = below;
    at = child;
  }
  heap[at] = last;
  return first;
}
