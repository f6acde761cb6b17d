import { settledOrAborted } from './settled-or-aborted.js';
import type { AccountId } from '../platform/ids.js';

/** Lets each account do one thing at a time; those of other accounts are not waited for. */
export class AccountTurns {
  private readonly last = new Map<AccountId, Promise<void>>();

  /** @param signal ends the waiting, not the work. @throws its reason; as the work */
  async take<Result>(
    accountId: AccountId,
    signal: AbortSignal,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const before = this.last.get(accountId) ?? Promise.resolve();
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const mine = before.then(() => ended);
    this.last.set(accountId, mine);
    // Neither waits for anything that can fail.
    const forget = () => {
      if (this.last.get(accountId) === mine) this.last.delete(accountId);
    };
    mine.then(forget, forget);
    try {
      await settledOrAborted(before, signal);
      return await work();
    } finally {
      end();
    }
  }
}
