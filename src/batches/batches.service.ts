import { createHash } from 'node:crypto';
import pLimit from 'p-limit';
import type { CreditsService } from '../credits/index.js';
import { AppError } from '../errors.js';
import { holdOf, type UploadsService } from '../inference/index.js';
import { accountOf, type Actor } from '../platform/actor.js';
import type { Database, Transaction } from '../platform/database.js';
import { type AccountId, type BatchId, newId, type RunId } from '../platform/ids.js';
import type { BatchEndpoints } from './batch-endpoint.js';
import type { BatchInputService, QuotedLine } from './batch-input.service.js';
import { type Batch, type BatchProgress, HOLD_MS, WINDOW_MS } from './batch.js';
import * as store from './batches.store.js';
import type { NewBatch } from './batches.store.js';

export interface BatchRequest {
  readonly inputFileId: string;
  /** As "/v1/classify". */
  readonly endpoint: string;
  readonly metadata: Batch['metadata'];
  /** 1–255 characters; one batch for each account and key, for ever. */
  readonly idempotencyKey: string | undefined;
}

export interface BatchParts {
  readonly db: Database;
  readonly credits: Pick<CreditsService, 'holdWithin'>;
  readonly uploads: Pick<UploadsService, 'get' | 'keep' | 'delete'>;
  readonly input: BatchInputService;
  readonly endpoints: BatchEndpoints;
}

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;
/** Of the transaction that makes a batch of 50,000 lines, which takes some seconds. */
const CREATE_MS = 120_000;

/** Batches as their owners see them. `BatchWorker` runs them. */
export class BatchesService {
  /** Reading a large file takes seconds, and memory. */
  private readonly inTurn = pLimit(2);

  constructor(private readonly parts: BatchParts) {}

  /**
   * Reads the whole file, and holds the most that its lines can cost together: for all of them, or for none.
   * A file with mistakes makes a batch that has FAILED and says so.
   * @throws AppError BAD_USER_INPUT, NOT_FOUND of the file, IDEMPOTENCY_MISMATCH; as `CreditsService.hold`
   */
  async create(actor: Actor, request: BatchRequest): Promise<BatchProgress> {
    const idempotency = idempotencyOf(request);
    const before = await this.findSame(accountOf(actor), idempotency);
    return before ?? this.inTurn(() => this.make(actor, request, idempotency));
  }

  private async make(
    actor: Actor,
    request: BatchRequest,
    idempotency: ReturnType<typeof idempotencyOf>,
  ): Promise<BatchProgress> {
    const { db, uploads, input, endpoints } = this.parts;
    const accountId = accountOf(actor);
    const endpoint = endpoints.get(request.endpoint);
    if (endpoint === undefined) throw bad('endpoint', 'This endpoint is not available in batches.');
    const upload = await uploads.get(accountId, request.inputFileId);
    if (upload.purpose !== 'batch') {
      throw bad('input_file_id', 'The file was not uploaded with the purpose "batch".');
    }
    const { lines, errors } = await input.check(actor, upload, request.endpoint, endpoint);
    await uploads.keep(accountId, upload.id, HOLD_MS);
    const batch: NewBatch = {
      id: newId('batch'),
      accountId,
      keyId: actor.keyId ?? null,
      endpoint: request.endpoint,
      inputFileId: upload.id,
      outputFileId: newId('file'),
      errorFileId: newId('file'),
      metadata: request.metadata,
      idempotency,
      windowMs: WINDOW_MS,
      status: errors.length > 0 ? 'FAILED' : 'IN_PROGRESS',
      errors,
    };
    const isNew = await db.transaction((tx) => this.insert(tx, actor, batch, lines), {
      timeout: CREATE_MS,
    });
    const made = isNew
      ? await store.findBatch(db, accountId, batch.id)
      : await this.findSame(accountId, idempotency);
    if (made === undefined) throw new Error(`${batch.id} was not made.`);
    return made;
  }

  /** @returns false when somebody else has used the idempotency key meanwhile */
  private async insert(
    tx: Transaction,
    actor: Actor,
    batch: NewBatch,
    lines: readonly QuotedLine[],
  ): Promise<boolean> {
    if (!(await store.insertBatch(tx, batch))) return false;
    if (batch.status === 'FAILED') return true;
    const runs = lines.map((line) => ({ ...line, runId: newId('run') }));
    await store.insertLines(tx, batch.id, runs.map(toRow));
    const holds = runs.map(({ quote, runId }) => holdOf({ actor, quote, runId, ttlMs: HOLD_MS }));
    await this.parts.credits.holdWithin(tx, holds);
    return true;
  }

  /** @throws AppError NOT_FOUND for one that is unknown, or another account's */
  async get(accountId: AccountId, id: string): Promise<BatchProgress> {
    const batch = id.includes('\0')
      ? undefined
      : await store.findBatch(this.parts.db, accountId, id);
    if (batch === undefined) throw noSuchBatch();
    return batch;
  }

  /** Whosever it is: for who then asks whether the caller may read it. */
  async findAny(id: string): Promise<Batch | undefined> {
    return id.includes('\0') ? undefined : store.findAnyBatch(this.parts.db, id);
  }

  /** Newest first. @param page `after`: an id */
  list(
    accountId: AccountId,
    page: { readonly first: number; readonly after: string | undefined },
  ): Promise<readonly Batch[]> {
    return store.listBatches(this.parts.db, accountId, page);
  }

  /** How far each of some batches is, in their order. Counts all their lines. @throws AppError NOT_FOUND */
  async progressOf(ids: readonly BatchId[]): Promise<readonly BatchProgress[]> {
    const found = await store.listProgress(this.parts.db, ids);
    const byId = new Map(found.map((batch) => [batch.id, batch]));
    return ids.map((id) => {
      const batch = byId.get(id);
      if (batch === undefined) throw noSuchBatch();
      return batch;
    });
  }

  /** What has not begun does not, and is free. Safe to repeat. @throws AppError NOT_FOUND; CONFLICT when it ended by itself */
  async cancel(accountId: AccountId, id: string): Promise<BatchProgress> {
    const { db } = this.parts;
    await this.get(accountId, id);
    await store.beginCancelling(db, accountId, id);
    const batch = await this.get(accountId, id);
    if (batch.cancellingAt !== null) return batch;
    throw new AppError(
      'CONFLICT',
      `The batch is ${batch.status.toLowerCase()} and can no longer be cancelled.`,
    );
  }

  /** @throws AppError NOT_FOUND; CONFLICT while a batch reads it */
  async deleteFile(accountId: AccountId, id: string): Promise<void> {
    const { db, uploads } = this.parts;
    const { id: fileId } = await uploads.get(accountId, id);
    if (await store.isInputInUse(db, accountId, fileId)) {
      throw new AppError(
        'CONFLICT',
        'A batch is using the file. Cancel the batch, or wait for it to finish.',
      );
    }
    await uploads.delete(accountId, fileId);
  }

  private async findSame(
    accountId: AccountId,
    idempotency: ReturnType<typeof idempotencyOf>,
  ): Promise<BatchProgress | undefined> {
    if (idempotency === undefined) return undefined;
    const found = await store.findByKey(this.parts.db, accountId, idempotency.key);
    if (found === undefined) return undefined;
    if (!idempotency.requestHash.equals(found.requestHash)) {
      throw new AppError(
        'IDEMPOTENCY_MISMATCH',
        'This idempotency key was already used for another batch. Use a new key.',
      );
    }
    return store.findBatch(this.parts.db, accountId, found.id);
  }
}

function toRow({
  line,
  customId,
  runId,
  quote,
  offset,
  bytes,
}: QuotedLine & { readonly runId: RunId }) {
  const { maximumNanos, units } = quote;
  const held = maximumNanos.toString();
  return { line, custom_id: customId, run_id: runId, held_nanos: held, units, offset, bytes };
}

function idempotencyOf({ idempotencyKey: key, ...request }: BatchRequest) {
  if (key === undefined) return undefined;
  if (!IDEMPOTENCY_KEY.test(key)) {
    throw bad('idempotencyKey', 'Idempotency keys must have 1 to 255 visible ASCII characters.');
  }
  const { inputFileId, endpoint, metadata } = request;
  const said = JSON.stringify([inputFileId, endpoint, metadata]);
  return { key, requestHash: createHash('sha256').update(said).digest() };
}

function bad(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument } });
}

function noSuchBatch(): AppError {
  return new AppError('NOT_FOUND', 'Batch not found.');
}
