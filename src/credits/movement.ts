import type { TimeRange } from '../platform/time-range.js';
import { type AccountId, isAccountId, type KeyId, type RunId } from '../platform/ids.js';

/** Credit to set aside for a run, before anything runs. Its id makes it safe to send again. */
export interface HoldCommand {
  readonly runId: RunId;
  readonly accountId: AccountId;
  /** The key that asked, whose validity and spend cap count; null for a signed-in person. */
  readonly keyId: KeyId | null;
  /** The most that the run can cost, in nano-USD; 0 or more. */
  readonly nanos: bigint;
  /** After this time the hold ends by itself, in milliseconds. */
  readonly ttlMs: number;
  /** One effect for each account and key, for ever. */
  readonly idempotency?: { readonly key: string; readonly requestHash: Buffer } | undefined;
  /** Kept with the run. */
  readonly details: object;
}

/** How a run ended. */
export interface SettleCommand {
  readonly runId: RunId;
  readonly accountId: AccountId;
  /** What it cost, in nano-USD, at most what is held; null: nothing was delivered, the hold is voided. */
  readonly nanos: bigint | null;
  readonly details: object;
  /** Given again for the same idempotency key; left out where there is none. */
  readonly result?: object | undefined;
  /** Keys of the units that the charge is for (`paidUnitKey`), each once. Free for the account from then on. */
  readonly pays?: readonly string[] | undefined;
  /** How long they are paid for, in milliseconds; with `pays`. */
  readonly paysMs?: number | undefined;
}

/** What the ledger says to a hold. */
export type HoldStatus =
  | 'HELD'
  | 'DONE'
  | 'IN_FLIGHT'
  | 'MISMATCH'
  | 'INSUFFICIENT'
  | 'KEY_CAP'
  | 'KEY_REVOKED'
  | 'KEY_EXPIRED'
  | 'ACCOUNT_CLOSED'
  | 'NO_ACCOUNT'
  | 'ENDED';

/**
 * What the ledger says to a settlement. DONE: it was settled like this before. PAID_BEFORE: nothing has happened, as
 * the account has paid for one of its units already.
 */
export type SettleStatus =
  'CAPTURED' | 'VOIDED' | 'DONE' | 'HOLD_EXPIRED' | 'NO_HOLD' | 'PAID_BEFORE';

export interface Answer<Status> {
  readonly status: Status;
  /** The run asked for; with DONE and IN_FLIGHT of a hold, the one that has the idempotency key. */
  readonly runId: RunId;
  /** Charged or held, in nano-USD. */
  readonly nanos: bigint;
  /** Of the account, after it. */
  readonly postedNanos: bigint;
  readonly heldNanos: bigint;
}

export const LOT_SOURCES = {
  SIGN_UP: 'SIGN_UP',
  GRANT: 'GRANT',
  PURCHASE: 'PURCHASE',
  ADJUSTMENT: 'ADJUSTMENT',
} as const;
export type LotSource = keyof typeof LOT_SOURCES;

export const JOURNAL_KINDS = {
  USAGE: 'USAGE',
  GRANT: 'GRANT',
  PURCHASE: 'PURCHASE',
  REFUND: 'REFUND',
  DISPUTE: 'DISPUTE',
  ADJUSTMENT: 'ADJUSTMENT',
  EXPIRY: 'EXPIRY',
} as const;
export type JournalKind = keyof typeof JOURNAL_KINDS;

/** A movement of credit that is no run. */
export interface PostCommand {
  /** Of what causes it, so that it moves once: a grant, a purchase, a refund. */
  readonly id: string;
  readonly accountId: AccountId;
  readonly kind: Exclude<JournalKind, 'USAGE' | 'EXPIRY'>;
  /** Nano-USD, not 0. Above 0 it becomes a lot with this id, below it is taken back. */
  readonly nanos: bigint;
  readonly source?: LotSource | undefined;
  /** 0–100, the lowest is spent first; 50 by default. */
  readonly priority?: number | undefined;
  readonly expiresAt?: Date | undefined;
  /** The lot to take back from first. */
  readonly lotId?: string | undefined;
  readonly reason?: string | undefined;
  /** `user:…`, `key:…` or `system`. */
  readonly actor: string;
  readonly reverses?: string | undefined;
}

export interface Balance {
  readonly postedNanos: bigint;
  readonly heldNanos: bigint;
  /** What a new call may use now: posted − held, less what has expired and is not booked yet. */
  readonly availableNanos: bigint;
  /** Taken back after it was spent. */
  readonly debtNanos: bigint;
}

/** All that an account ever had, and used; the difference is what is posted. */
export interface CreditTotals {
  /** Given and bought, less what was taken back, corrected or has expired. */
  readonly creditedNanos: bigint;
  readonly usedNanos: bigint;
  readonly hasPurchased: boolean;
}

/** Credit of one origin. */
export interface CreditLot {
  readonly id: string;
  readonly accountId: AccountId;
  readonly source: LotSource;
  readonly originalNanos: bigint;
  readonly remainingNanos: bigint;
  readonly priority: number;
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
}

/** Which entries a ledger shows. A list matches any of its values; what is left out does not matter. */
export interface LedgerFilter extends TimeRange {
  readonly kinds?: readonly JournalKind[] | undefined;
}

/** A part of an account's ledger, newest first. */
export interface LedgerPage {
  readonly first: number;
  /** A version. */
  readonly before: bigint | undefined;
  readonly filter?: LedgerFilter | undefined;
}

/** One line of an account's ledger. */
export interface LedgerEntry {
  readonly transactionId: string;
  /** 1, 2, 3 … for each account, without gaps. */
  readonly version: bigint;
  readonly kind: JournalKind;
  readonly nanos: bigint;
  readonly balanceAfterNanos: bigint;
  readonly lotId: string | null;
  readonly reason: string | null;
  readonly createdAt: Date;
}

const ENTRY_ID = /^ent_(.+)_([1-9]\d{0,17})$/;

/** `ent_`, the account's own part of its id, and the version. */
export function entryId(accountId: string, version: bigint): string {
  return `ent_${accountId.slice(accountId.indexOf('_') + 1)}_${String(version)}`;
}

/** What an entry's id says; undefined for a text that is none. */
export function parseEntryId(id: string): { accountId: AccountId; version: bigint } | undefined {
  const [, account, digits] = ENTRY_ID.exec(id) ?? [];
  if (account === undefined || digits === undefined) return undefined;
  const accountId = `acct_${account}`;
  return isAccountId(accountId) ? { accountId, version: BigInt(digits) } : undefined;
}

/** The run or purchase that a transaction belongs to; undefined for others, such as grants. */
export function causeIdOf({ kind, transactionId }: Pick<LedgerEntry, 'kind' | 'transactionId'>) {
  if (kind === 'USAGE') return transactionId;
  // Movements after a purchase have its id and a number.
  const isOfPurchase = kind === 'PURCHASE' || kind === 'REFUND' || kind === 'DISPUTE';
  return isOfPurchase ? transactionId.split(':', 1)[0] : undefined;
}

/** What became of a movement that was to be posted; nothing was posted but with POSTED. */
export type PostStatus =
  'POSTED' | 'EXISTS' | 'MISMATCH' | 'EXPIRED' | 'OUT_OF_RANGE' | 'INSUFFICIENT' | 'NO_ACCOUNT';

/** Credit is set aside for a new run, or the same request was answered before. */
export type HoldOutcome = { readonly held: Answer<HoldStatus> } | { readonly doneRunId: RunId };

/** Of an account, in nano-USD, above and below zero. */
export const BALANCE_MAX = 2n ** 62n;

/** Of a lot; the lowest is spent first. */
export const PRIORITY_MAX = 100;
