import { AppError } from '../errors.js';
import type { AccountId, ModelId, ModelRequestId } from '../platform/ids.js';

/** What somebody says about why they want a model. */
export interface RequestReasons {
  /** At most 2,000 characters. */
  readonly useCase: string | null;
  /** Calls a month, 0 to 10^12. */
  readonly monthlyVolume: number | null;
  /** Whether we may write to them about it; the launch included. */
  readonly contactOk: boolean;
}

/** Somebody wants to call a model. */
export interface ModelRequest extends RequestReasons {
  readonly id: ModelRequestId;
  readonly modelId: ModelId;
  /** null: somebody without an account, by mail. */
  readonly accountId: AccountId | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Place among those who asked for the model, from 1. */
  readonly place: number;
  /** Since when the account may call it before it is live. */
  readonly earlyAccessAt: Date | null;
  /** When its launch was told. */
  readonly notifiedAt: Date | null;
  readonly launchCreditNanos: bigint | null;
}

const USE_CASE_CHARS_MAX = 2_000;
const MONTHLY_VOLUME_MAX = 1e12;

/** @throws AppError BAD_USER_INPUT */
export function checkReasons(reasons: RequestReasons): RequestReasons {
  return {
    useCase: reasons.useCase === null ? null : checkText(reasons.useCase, 'useCase') || null,
    monthlyVolume: checkVolume(reasons.monthlyVolume),
    contactOk: reasons.contactOk,
  };
}

/** Without the blanks around it. @throws AppError BAD_USER_INPUT for more than 2,000 characters, or a NUL */
export function checkText(text: string, argument: string): string {
  const trimmed = text.trim();
  if (trimmed.length <= USE_CASE_CHARS_MAX && !trimmed.includes('\0')) return trimmed;
  throw new AppError('BAD_USER_INPUT', `\`${argument}\` must have at most 2,000 characters.`, {
    details: { argument },
  });
}

function checkVolume(volume: number | null): number | null {
  if (volume === null || (volume >= 0 && volume <= MONTHLY_VOLUME_MAX)) return volume;
  throw new AppError('BAD_USER_INPUT', '`monthlyVolume` must be between 0 and 10^12.', {
    details: { argument: 'monthlyVolume' },
  });
}
