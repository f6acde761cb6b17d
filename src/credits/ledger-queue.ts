import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../errors.js';
import type { Answer, HoldCommand, HoldStatus, SettleCommand, SettleStatus } from './movement.js';

/** What a group of commands is answered with; in the order of the commands. */
export interface GroupAnswers {
  readonly settles: readonly Answer<SettleStatus>[];
  readonly holds: readonly Answer<HoldStatus>[];
}

export interface LedgerQueueOptions {
  /** Commits a group; may be called again with the same commands. */
  readonly apply: (
    settles: readonly SettleCommand[],
    holds: readonly HoldCommand[],
  ) => Promise<GroupAnswers>;
  /** True for a failure after which the same commands may work: their outcome may be unknown. */
  readonly isOutage: (error: unknown) => boolean;
  /** Accounts are spread over so many lanes. */
  readonly lanes?: number;
  readonly groupMax?: number;
  /** Waiting commands at which a lane's second group goes off: it is at the lock when the first is done. */
  readonly secondGroupMin?: number;
  /** Commands that wait in a lane before one is refused. */
  readonly waitingMax?: number;
  /** Pauses between attempts while the database is away, in milliseconds. */
  readonly retryAfterMs?: readonly number[];
}

type Command =
  | {
      readonly kind: 'hold';
      readonly command: HoldCommand;
      readonly resolve: (answer: Answer<HoldStatus>) => void;
      readonly reject: (error: unknown) => void;
    }
  | {
      readonly kind: 'settle';
      readonly command: SettleCommand;
      readonly resolve: (answer: Answer<SettleStatus>) => void;
      readonly reject: (error: unknown) => void;
    };

interface Lane {
  readonly waiting: Command[];
  groups: number;
}

/**
 * Commits what waits together: while a group is being written the next one gathers, so that nobody waits
 * for a timer and one commit serves all. When many wait a second group goes off, to be at the lock when
 * the first is done. Each member is accepted or refused on its own; when a
 * group fails as a whole its members are tried one by one. Several processes may do this at the same
 * time: PostgreSQL decides.
 */
export class LedgerQueue {
  private readonly lanes: readonly Lane[];
  private readonly options: Required<LedgerQueueOptions>;

  constructor(options: LedgerQueueOptions) {
    this.options = {
      lanes: 2,
      groupMax: 128,
      secondGroupMin: 64,
      waitingMax: 10_000,
      retryAfterMs: [20, 100, 500, 1_000],
      ...options,
    };
    this.lanes = Array.from({ length: this.options.lanes }, () => ({ waiting: [], groups: 0 }));
  }

  /** @throws AppError OVERLOADED when too many wait; what the database says when it cannot be asked */
  hold(command: HoldCommand): Promise<Answer<HoldStatus>> {
    return new Promise((resolve, reject) => {
      this.add({ kind: 'hold', command, resolve, reject });
    });
  }

  /** As `hold`; never refused for its place in the queue, as it frees what is held. */
  settle(command: SettleCommand): Promise<Answer<SettleStatus>> {
    return new Promise((resolve, reject) => {
      this.add({ kind: 'settle', command, resolve, reject });
    });
  }

  /** Commands that wait for a group. */
  get waiting(): number {
    return this.lanes.reduce((sum, lane) => sum + lane.waiting.length, 0);
  }

  private add(command: Command): void {
    const lane = this.laneOf(command.command.accountId);
    if (command.kind === 'hold' && lane.waiting.length >= this.options.waitingMax) {
      command.reject(new AppError('OVERLOADED', 'Too many calls are waiting. Try again shortly.'));
      return;
    }
    lane.waiting.push(command);
    const { secondGroupMin } = this.options;
    if (lane.groups === 0 || (lane.groups === 1 && lane.waiting.length >= secondGroupMin)) {
      // Rejects whom it cannot serve; whatever else happens, the lane is free for the next command.
      this.run(lane).catch(() => undefined);
    }
  }

  /** Always the same lane for an account: its commands stay in order and do not wait for its own lock. */
  private laneOf(accountId: string): Lane {
    let hash = 0;
    for (let at = 0; at < accountId.length; at++) hash = (hash * 31 + accountId.charCodeAt(at)) | 0;
    const lane = this.lanes[Math.abs(hash) % this.lanes.length];
    if (lane === undefined) throw new RangeError('There are no lanes.');
    return lane;
  }

  private async run(lane: Lane): Promise<void> {
    lane.groups += 1;
    try {
      // Commands of the same turn of the event loop go together.
      await Promise.resolve();
      while (lane.waiting.length > 0) {
        const group = lane.waiting.splice(0, this.options.groupMax);
        try {
          await this.commit(group);
        } catch (error) {
          if (group.length === 1 || this.options.isOutage(error)) {
            for (const { reject } of group) reject(error);
          } else {
            await this.commitOneByOne(group);
          }
        }
      }
    } finally {
      lane.groups -= 1;
    }
  }

  private async commitOneByOne(group: readonly Command[]): Promise<void> {
    for (const command of group) {
      await this.commit([command]).catch((error: unknown) => {
        command.reject(error);
      });
    }
  }

  private async commit(group: readonly Command[]): Promise<void> {
    const settles = group.filter((one) => one.kind === 'settle');
    const holds = group.filter((one) => one.kind === 'hold');
    const answers = await this.applyUntilKnown(
      settles.map(({ command }) => command),
      holds.map(({ command }) => command),
    );
    for (const [at, { resolve, reject }] of settles.entries()) {
      const answer = answers.settles[at];
      if (answer === undefined) reject(new Error('The ledger gave no answer.'));
      else resolve(answer);
    }
    for (const [at, { resolve, reject }] of holds.entries()) {
      const answer = answers.holds[at];
      if (answer === undefined) reject(new Error('The ledger gave no answer.'));
      else resolve(answer);
    }
  }

  /** Asks again after a lost connection: whether a commit came through is known only then. */
  private async applyUntilKnown(
    settles: readonly SettleCommand[],
    holds: readonly HoldCommand[],
  ): Promise<GroupAnswers> {
    for (const pauseMs of this.options.retryAfterMs) {
      try {
        return await this.options.apply(settles, holds);
      } catch (error) {
        if (!this.options.isOutage(error)) throw error;
        // Not all processes at the same moment, once the database is back.
        await sleep(pauseMs * (0.5 + Math.random()));
      }
    }
    return this.options.apply(settles, holds);
  }
}
