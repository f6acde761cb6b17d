/**
 * How long calls took, as counts in buckets that grow by 4 %: any of them is at most 2 % off its bucket's middle
 * (DDSketch, arxiv.org/abs/1908.10693), and histograms of parts add up to that of the whole. Bucket n holds what
 * is more than 1.04^(n-1) and at most 1.04^n tenths of a millisecond, bucket 0 all that is less: the same as
 * `usage_latency_bucket` in the database.
 */
export class LatencyHistogram {
  private readonly counts: number[] = [];
  private total = 0;

  /**
   * Adds what the database keeps: 6 bytes a bucket, its number (int16) and its calls (int32), big-endian.
   * A bucket may come more than once, so that parts may be written one after the other.
   */
  add(bytes: Buffer): void {
    for (let at = 0; at + BUCKET_BYTES <= bytes.length; at += BUCKET_BYTES) {
      const bucket = bytes.readUInt16BE(at);
      const calls = bytes.readUInt32BE(at + 2);
      this.counts[bucket] = (this.counts[bucket] ?? 0) + calls;
      this.total += calls;
    }
  }

  /**
   * The least time that this share of the calls did not exceed, in milliseconds, within 2 % (and 0.1 ms).
   * @param share more than 0, at most 1
   * @returns null without any call
   */
  percentile(share: number): number | null {
    if (this.total === 0) return null;
    let left = Math.max(1, Math.ceil(share * this.total));
    for (const [bucket, calls = 0] of this.counts.entries()) {
      left -= calls;
      if (left <= 0) return middleMs(bucket);
    }
    return null;
  }
}

const BUCKET_BYTES = 6;
const GROWTH = 1.04;
const UNIT_MS = 0.1;

/** What is as far from the lower end of the bucket as from the upper, in proportion. */
function middleMs(bucket: number): number {
  const ms = (UNIT_MS * 2 * GROWTH ** bucket) / (GROWTH + 1);
  return Number(ms.toPrecision(4));
}
