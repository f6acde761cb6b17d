/** What an account used in a short while, [from, to). */
export interface UsageTick {
  readonly from: Date;
  readonly to: Date;
  /** That ended in it, whatever their outcome. */
  readonly calls: number;
  /** Of these, that were charged nothing because they failed or never ended by themselves. */
  readonly errors: number;
  readonly costNanos: bigint;
}
