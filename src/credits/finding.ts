/** What one check found. */
export interface Finding {
  /** Which promise, as `I1`. */
  readonly invariant: string;
  readonly fact: string;
  /** Rows looked at. */
  readonly checked: bigint;
  /** Rows that break it: 0, or there is drift. */
  readonly broken: bigint;
  /** Some of what breaks it. */
  readonly examples: readonly string[];
}
