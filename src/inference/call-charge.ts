import type { PriceUnit } from '../catalog/index.js';
import type { PaidBy } from '../credits/index.js';
import type { RunId } from '../platform/ids.js';
import type { ChargedUnit } from '../usage/index.js';
import { costOf } from './call-price.js';

/** An embedding that an answer is made of. */
export interface UsedUnit {
  readonly unit: PriceUnit;
  /** As `paidUnitKey`. */
  readonly key: string;
  /** False: nothing is kept of its kind, so that each call pays for it. */
  readonly isKept: boolean;
}

/** What a call costs its account, and why the rest of it is free. */
export interface CallCharge {
  /** Line by line, `ran` of them charged. */
  readonly units: readonly Required<ChargedUnit>[];
  readonly nanos: bigint;
  /** Keys of the units that the account owns from now on. */
  readonly pays: readonly string[];
  /** How many units cost nothing, by the run that paid for them; what a call repeats is paid by its own run. */
  readonly paidBy: Readonly<Record<RunId, number>>;
  /** For each used unit, in order: it costs nothing. */
  readonly free: readonly boolean[];
}

/**
 * A unit is free when its account has paid for it before, or earlier in the same call. All others are charged,
 * whoever else has run them.
 * @param call `lines`: as they were quoted
 */
export function chargeOf(call: {
  readonly runId: RunId;
  readonly lines: readonly ChargedUnit[];
  readonly used: readonly UsedUnit[];
  readonly payers: PaidBy;
}): CallCharge {
  const { runId, used, payers } = call;
  const seen = new Set<string>();
  const paidBy: Record<RunId, number> = {};
  const charged: UsedUnit[] = [];
  const free = used.map((one) => {
    const payer = seen.has(one.key) ? runId : payers.get(one.key);
    seen.add(one.key);
    if (payer === undefined) charged.push(one);
    else paidBy[payer] = (paidBy[payer] ?? 0) + 1;
    return payer !== undefined;
  });
  const units = call.lines.map((line) => ({
    ...line,
    ran: charged.filter(({ unit }) => unit === line.unit).length,
  }));
  const paying = new Set(
    // Nobody owns what cost nothing: it may have a price tomorrow.
    call.lines.filter(({ nanosPerUnit }) => BigInt(nanosPerUnit) > 0n).map(({ unit }) => unit),
  );
  return {
    units,
    nanos: costOf(units, ({ ran }) => ran),
    pays: charged.filter(({ unit, isKept }) => isKept && paying.has(unit)).map(({ key }) => key),
    paidBy,
    free,
  };
}
