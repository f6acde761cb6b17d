import type { AccountId, RunId } from '../platform/ids.js';

/** Told after a commit that moved credit, so that it may be told on; never waited for. */
export interface CreditsObserver {
  /** With a run, it ended. */
  changed(accountId: AccountId, runId?: RunId): void;
  /** Of accounts that are not known here. */
  somethingChanged(): void;
}

export const NO_OBSERVER: CreditsObserver = {
  changed: () => undefined,
  somethingChanged: () => undefined,
};
