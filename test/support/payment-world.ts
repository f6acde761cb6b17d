import { setTimeout as pause } from 'node:timers/promises';
import { keysOn } from './keys.js';
import { CreditsService } from '../../src/credits/index.js';
import { ERROR_CODES, type ErrorCode } from '../../src/errors.js';
import { anonymous, SCOPES } from '../../src/platform/actor.js';
import { type AccountId, newId } from '../../src/platform/ids.js';
import { codeOf, postGraphQL } from './app.js';
import type { PaymentRig } from './payment-rig.js';
import type { Tally } from './payment-trouble.js';
import { bearer } from './platform.js';

/** An account, and what it did besides buying. */
export interface Customer {
  readonly accountId: AccountId;
  readonly secret: string;
  /** Taken from its credit, and given by codes, in nano-USD. */
  spentNanos: bigint;
  promoNanos: bigint;
  /** Agreed to once: it stays the same. In cents. */
  readonly topUp: { readonly amount: number; readonly cap: number };
}

/** A refund that the operator asked for, whatever came of it. */
export interface AskedRefund {
  readonly purchaseId: string;
  readonly amount: string | undefined;
  readonly idempotencyKey: string;
}

/** What everybody in a soak shares: where to ask, and a book of what was done. */
export interface World {
  readonly rig: PaymentRig;
  readonly credits: CreditsService;
  readonly tally: Tally;
  readonly customers: Customer[];
  readonly refunds: AskedRefund[];
  /** Session of an operator. */
  readonly operator: string;
  /** Whether it is time to stop. */
  isOver(): boolean;
}

export interface Answer {
  /** Untyped on purpose: tests look into whatever came. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly data: any;
  readonly code: string | undefined;
}

/** What the count of calls that have to be sent again is named, before the reason. */
export const ASKED_AGAIN = 'asked again after ';
/** A connection that is half-open never says that nothing will come. */
export const ANSWER_MS = 30_000;
/** Longer than any outage of a soak on a slow machine. What is unanswered then stays so. */
const PATIENCE_MS = 300_000;

/**
 * Asks until somebody answers, with the same words, as people and programs do.
 * @returns undefined when nobody does
 * @throws Error when a credential is refused, which no outage excuses
 */
export async function insist(
  { rig, tally }: Pick<World, 'rig' | 'tally'>,
  secret: string,
  query: string,
  variables: Record<string, unknown> = {},
  patienceMs = PATIENCE_MS,
): Promise<Answer | undefined> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const answer = await ask(rig.url, secret, query, variables);
    if (answer?.code === 'UNAUTHENTICATED') throw new Error('A good credential was refused.');
    if (answer !== undefined && !isWorthAsking(answer)) return answer;
    tally.add(`${ASKED_AGAIN}${answer?.code ?? 'no answer'}`);
    if (Date.now() > deadline) return undefined;
    await pause(150);
  }
}

function isWorthAsking({ code }: Answer): boolean {
  return code !== undefined && (code === 'INTERNAL' || ERROR_CODES[code as ErrorCode].retryable);
}

/** @returns undefined when the connection broke off */
async function ask(
  url: string,
  secret: string,
  query: string,
  variables: Record<string, unknown>,
): Promise<Answer | undefined> {
  try {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const { body } = await postGraphQL(url, { query, variables }, bearer(secret), signal);
    return { data: (body as { data: unknown }).data, code: codeOf({ body }) };
  } catch {
    return undefined;
  }
}

/** Does the same until it works; for what is safe to repeat. @throws what `isAnswer` says is one */
export async function untilDone<T>(
  work: () => Promise<T>,
  isAnswer: (error: unknown) => boolean = () => false,
): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (isAnswer(error) || Date.now() > deadline) throw error;
      await pause(100);
    }
  }
}

/** A new account, and a key of it that may buy. */
export async function newCustomer(
  { rig, customers }: Pick<World, 'rig' | 'customers'>,
  topUp: Customer['topUp'],
): Promise<Customer> {
  const accountId = newId('acct');
  await untilDone(() =>
    rig.db.query(
      `INSERT INTO account (id, kind, name) VALUES ($1, 'PERSONAL', 'soak') ON CONFLICT DO NOTHING`,
      [accountId],
    ),
  );
  const keys = keysOn(rig.db);
  const actor = { ...anonymous('127.0.0.1'), accountId, scopes: new Set(SCOPES) };
  const { secret } = await untilDone(() =>
    keys.create(actor, accountId, { name: newId('key'), scopes: ['INFERENCE', 'READ', 'BILLING'] }),
  );
  const customer = { accountId, secret, spentNanos: 0n, promoNanos: 0n, topUp };
  customers.push(customer);
  return customer;
}
