import type { CreditsService } from '../credits/index.js';
import { AppError } from '../errors.js';
import type { UploadsService } from '../inference/index.js';
import { anonymous } from '../platform/actor.js';
import type { Database } from '../platform/database.js';
import type { BatchId } from '../platform/ids.js';
import { claim, finish } from '../platform/leased-work.js';
import type { Logger } from '../platform/logger.js';
import type { BatchEndpoints } from './batch-endpoint.js';
import type { BatchInputService } from './batch-input.service.js';
import {
  answerLine,
  type BatchLine,
  isHopeless,
  type LineEnd,
  NOT_BEGUN,
  retryOf,
} from './batch-line.js';
import * as linesStore from './batch-lines.store.js';
import { type Batch, type BatchProgress, endOf } from './batch.js';
import * as store from './batches.store.js';

export interface BatchWorkerParts {
  readonly db: Database;
  readonly credits: Pick<CreditsService, 'void'>;
  readonly uploads: Pick<UploadsService, 'write'>;
  readonly input: BatchInputService;
  readonly endpoints: BatchEndpoints;
  /** An error as clients of the endpoints read it. */
  readonly renderError: (error: AppError, id: string) => { status: number; body: object };
  /** Longer than a call may take: then another server takes up a line, or a batch that is to be ended. */
  readonly leaseMs: number;
  readonly logger: Logger;
}

/** Few, so that who waits for an answer does not wait for these. */
const RUN_AT_ONCE = 4;
/** Lines that only give their credit back; the ledger commits them together. */
const RELEASE_AT_ONCE = 250;
const ANSWERS_AT_ONCE = 50;
const FORGET_AT_ONCE = 500;
/** A line that its server has no time for. */
const AT_ONCE = { afterMs: 0, counts: false };

/** Runs the lines of all batches, a few at a time. Any number of servers may; what one leaves another takes up. */
export class BatchWorker {
  private readonly stopping = new AbortController();

  constructor(private readonly parts: BatchWorkerParts) {}

  /** One turn. @returns whether there was something to do: then there may be more */
  async turn(): Promise<boolean> {
    const { db } = this.parts;
    const { toRelease, toRun } = await store.listOpen(db);
    const released = await this.takeUp(toRelease, RELEASE_AT_ONCE, (line) => this.release(line));
    const ran = await this.takeUp(toRun, RUN_AT_ONCE, (line) => this.run(line));
    const ended = await this.finalize();
    return released || ran || ended;
  }

  /** Gives lines in hand back, for others to take up at once. No turn is begun after it. */
  stop(): void {
    this.stopping.abort();
  }

  /** A line that cannot be ended now, for want of the database, is taken up again when its lease is over. */
  private async takeUp(
    batchIds: readonly BatchId[],
    atMost: number,
    work: (line: BatchLine) => Promise<void>,
  ): Promise<boolean> {
    if (batchIds.length === 0) return false;
    const { db, leaseMs, logger } = this.parts;
    const lines = await claim<BatchLine>(db, linesStore.BATCH_LINES, {
      atMost,
      leaseMs,
      values: [batchIds],
    });
    await Promise.all(
      lines.map((line) =>
        work(line).catch((err: unknown) => {
          const { batchId, line: number } = line;
          logger.warn({ err, batchId, line: number }, 'a line of a batch did not end');
        }),
      ),
    );
    return lines.length > 0;
  }

  private async run(line: BatchLine): Promise<void> {
    if (isHopeless(line)) {
      await this.fail(
        line,
        new AppError('INTERNAL', 'The request failed to finish in several attempts.'),
      );
      return;
    }
    try {
      await this.answer(line);
    } catch (error) {
      const failure = asAppError(error);
      if (failure.code === 'INTERNAL') {
        this.parts.logger.error({ err: error, runId: line.runId }, 'a line of a batch failed');
      }
      const retry = this.stopping.signal.aborted ? AT_ONCE : retryOf(failure, line);
      if (retry === undefined) await this.fail(line, failure);
      else await linesStore.putBack(this.parts.db, line, retry);
    }
  }

  /** Runs it, or reads what it was charged for before a crash. */
  private async answer(line: BatchLine): Promise<void> {
    const { db, input, endpoints } = this.parts;
    const { accountId, keyId, runId, units } = line;
    const endpoint = endpoints.get(line.endpoint);
    if (endpoint === undefined) throw new AppError('NOT_FOUND', 'The endpoint is gone.');
    // What is held is paid, whatever has become of the key.
    const actor = { ...anonymous('batch'), accountId, keyId: keyId ?? undefined };
    const body = await input.bodyOf(line);
    const { signal } = this.stopping;
    const done = await endpoint.run({ actor, body, held: { runId, units }, signal });
    const answer = answerLine(line, { response: { status: 200, body: done.body } });
    const { chargedNanos } = done;
    await linesStore.endLine(db, line, { state: 'COMPLETED', chargedNanos, answer });
  }

  private async fail(line: BatchLine, failure: AppError): Promise<void> {
    const response = this.parts.renderError(failure, line.runId);
    const end = { state: 'FAILED', answer: answerLine(line, { response }) } as const;
    await this.giveUp(line, end, failure.code);
  }

  private async release(line: BatchLine): Promise<void> {
    const state = line.status === 'IN_PROGRESS' ? 'EXPIRED' : 'CANCELLED';
    const end = { state, answer: answerLine(line, { error: NOT_BEGUN[state] }) } as const;
    await this.giveUp(line, end, state);
  }

  /** Gives the credit back first: only then it is known that no other server has charged the line. */
  private async giveUp(line: BatchLine, end: LineEnd, errorCode: string): Promise<void> {
    const { db, credits } = this.parts;
    const { runId, accountId } = line;
    if (await credits.void({ runId, accountId, details: { errorCode } })) {
      await linesStore.endLine(db, line, end);
    } else {
      await this.answer(line);
    }
  }

  /** Ends a batch whose lines have all ended. Each step may be repeated, also by two servers at once. */
  private async finalize(): Promise<boolean> {
    const { db, leaseMs } = this.parts;
    const [batch] = await claim<Batch>(db, store.ENDED_BATCHES, { atMost: 1, leaseMs });
    if (batch === undefined) return false;
    const { id, accountId } = batch;
    if (batch.endedAt === null) {
      const progress = await store.findBatch(db, accountId, id);
      if (progress === undefined) throw new Error(`${id} is gone.`);
      await this.writeFiles(progress);
      await store.endBatch(db, id, endOf(batch, progress.lines));
    }
    while ((await linesStore.forgetAnswers(db, id, FORGET_AT_ONCE)) > 0);
    await finish(db, store.ENDED_BATCHES, [id]);
    return true;
  }

  private async writeFiles(batch: BatchProgress): Promise<void> {
    const { uploads } = this.parts;
    const { id, accountId, outputFileId, errorFileId, lines } = batch;
    if (lines.COMPLETED > 0) {
      const file = { id: outputFileId, filename: `${id}_output.jsonl` };
      await uploads.write(accountId, { ...file, content: this.answers(id, true) });
    }
    if (lines.FAILED + lines.CANCELLED + lines.EXPIRED > 0) {
      const file = { id: errorFileId, filename: `${id}_error.jsonl` };
      await uploads.write(accountId, { ...file, content: this.answers(id, false) });
    }
  }

  private async *answers(id: BatchId, completed: boolean): AsyncGenerator<string> {
    let after = 0;
    for (;;) {
      const page = { completed, after, first: ANSWERS_AT_ONCE };
      const rows = await linesStore.listAnswers(this.parts.db, id, page);
      for (const { answer } of rows) yield `${answer}\n`;
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.line;
    }
  }
}

function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError('INTERNAL', 'An internal error occurred.', { cause: error });
}
