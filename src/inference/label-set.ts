import type { LabelSetId } from '../platform/ids.js';

/** Labels that an account uses again and again; it pays for them once for each model. */
export interface LabelSet {
  readonly id: LabelSetId;
  readonly name: string;
  readonly labels: readonly string[];
  /** null: the default of the call. */
  readonly template: string | null;
  readonly createdAt: Date;
}
