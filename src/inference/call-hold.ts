import { createHash } from 'node:crypto';
import type { HoldCommand } from '../credits/index.js';
import { AppError } from '../errors.js';
import { accountOf, type Actor, actorName } from '../platform/actor.js';
import type { RunId } from '../platform/ids.js';
import type { Quote } from './metered-call.js';

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** What to set aside for a call. @param call `ttlMs`: how long, until it frees itself */
export function holdOf(call: {
  readonly actor: Actor;
  readonly quote: Quote;
  readonly runId: RunId;
  readonly ttlMs: number;
}): HoldCommand {
  const { actor, quote, runId, ttlMs } = call;
  const { operation, model, tier, images, units, maximumNanos } = quote;
  return {
    runId,
    accountId: accountOf(actor),
    keyId: actor.keyId ?? null,
    nanos: maximumNanos,
    ttlMs,
    details: { operation, model, tier, images, units, actor: actorName(actor) },
  };
}

/**
 * The key of a request, and what it was used for: with another request it is refused.
 * @param request what makes two requests the same one
 * @throws AppError BAD_USER_INPUT
 */
export function idempotencyOf(
  key: string,
  { operation, model, tier }: Quote,
  request: unknown,
): NonNullable<HoldCommand['idempotency']> {
  if (!IDEMPOTENCY_KEY.test(key)) {
    throw new AppError(
      'BAD_USER_INPUT',
      'Idempotency keys must have 1 to 255 visible ASCII characters.',
      { details: { argument: 'idempotencyKey' } },
    );
  }
  const said = JSON.stringify([operation, model, request, ...(tier === undefined ? [] : [tier])]);
  return { key, requestHash: createHash('sha256').update(said).digest() };
}
