import { Temporal } from 'temporal-polyfill';
import { AppError } from '../errors.js';

/** Half-open: `from` is in it, `to` is not. */
export interface UsageRange {
  readonly from: Date;
  readonly to: Date;
}

export const USAGE_INTERVALS = { HOUR: 'HOUR', DAY: 'DAY', WEEK: 'WEEK', MONTH: 'MONTH' } as const;
export type UsageInterval = keyof typeof USAGE_INTERVALS;

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const RANGE_DAYS_MAX = 732;
const EARLIEST = Date.UTC(2000, 0);
const LATEST = Date.UTC(2200, 0);

/** @throws AppError BAD_USER_INPUT unless `from` < `to`, and they are two years apart at most */
export function checkRange({ from, to }: UsageRange): UsageRange {
  if (from >= to) throw badRange('`to` must be after `from`.');
  if (from.getTime() < EARLIEST || to.getTime() > LATEST) {
    throw badRange('The range must lie between the years 2000 and 2200.');
  }
  if (to.getTime() - from.getTime() > RANGE_DAYS_MAX * DAY_MS) {
    throw badRange(`The range must not exceed ${String(RANGE_DAYS_MAX)} days (two years).`);
  }
  return { from, to };
}

/** The time before a range, which is as long. */
export function previousRange({ from, to }: UsageRange): UsageRange {
  return { from: new Date(2 * from.getTime() - to.getTime()), to: from };
}

/**
 * Cuts a range where hours, days, weeks (from Monday) or months begin. Days begin when the clocks of the zone
 * first show them, so that one of 23 or 25 hours is one day; hours are those of UTC, whatever the zone.
 * @returns where buckets begin, and the end of the last: bucket n is [bounds[n], bounds[n + 1]). The first and
 *   the last are what of them lies in the range.
 * @throws AppError BAD_USER_INPUT for a zone that does not exist, or for more than `bucketsMax`
 */
export function boundsOf(
  { from, to }: UsageRange,
  interval: UsageInterval,
  { timeZone, bucketsMax }: { readonly timeZone: string; readonly bucketsMax: number },
): Date[] {
  const zone = checkTimeZone(timeZone);
  const bounds = [from];
  for (let next = nextStart(from, interval, zone); next < to;) {
    if (bounds.length >= bucketsMax) {
      throw badRange(
        `The range has more than ${String(bucketsMax)} intervals of ${interval}. Use a shorter range, or a longer interval.`,
      );
    }
    bounds.push(next);
    next = nextStart(next, interval, zone);
  }
  return [...bounds, to];
}

/** Where the first hour, day, week or month begins that does so after an instant. */
function nextStart(after: Date, interval: UsageInterval, zone: string): Date {
  if (interval === 'HOUR') {
    return new Date((Math.floor(after.getTime() / HOUR_MS) + 1) * HOUR_MS);
  }
  const startOf = NEXT_DATE[interval];
  let day = Temporal.Instant.fromEpochMilliseconds(after.getTime())
    .toZonedDateTimeISO(zone)
    .toPlainDate();
  for (;;) {
    const { epochMilliseconds } = startOf(day).toZonedDateTime(zone);
    if (epochMilliseconds > after.getTime()) return new Date(epochMilliseconds);
    // Clocks were put back across midnight: the next day had begun before.
    day = day.add({ days: 1 });
  }
}

/** The first date after one on which an interval begins. */
const NEXT_DATE = {
  DAY: (day) => day.add({ days: 1 }),
  WEEK: (day) => day.add({ days: 8 - day.dayOfWeek }),
  MONTH: (day) => day.with({ day: 1 }).add({ months: 1 }),
} satisfies Record<string, (day: Temporal.PlainDate) => Temporal.PlainDate>;

/** @returns the zone as it is written. @throws AppError BAD_USER_INPUT */
function checkTimeZone(zone: string): string {
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone).timeZoneId;
  } catch (cause) {
    throw new AppError(
      'BAD_USER_INPUT',
      'Unknown time zone. Use an IANA name such as "Europe/Berlin", or "UTC".',
      { details: { argument: 'timeZone' }, cause },
    );
  }
}

function badRange(message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument: 'range' } });
}
