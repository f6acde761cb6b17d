import { userInfo } from 'node:os';
import { InvalidArgumentError } from 'commander';
import type { Say } from '../app/startup.js';
import { readConfig } from '../config/config.js';
import type { ServicesParts } from '../app/open-services.js';
import type { AuditedActor } from '../platform/audit.store.js';
import type { Services } from '../app/services.js';
import { alignColumns } from './table.js';

export interface Json {
  readonly json?: true | undefined;
}

export const JSON_FLAG = ['--json', 'print the result as JSON'] as const;

/** Whoever runs the server does it: written down as the server itself, with the name of the system's user. */
export function systemActor(): AuditedActor {
  try {
    return { osUser: userInfo().username };
  } catch {
    return {}; // A container may know no name for its user.
  }
}

/** The services on the configured database while `work` runs; nothing is done in the background. */
export async function asAdmin(
  say: Say,
  work: (services: Services, by: AuditedActor) => Promise<void>,
  parts: Pick<ServicesParts, 'predictorAddress'> = {},
): Promise<void> {
  const config = readConfig();
  // Loaded for a command that runs, not for one that is only looked up.
  const { startDatabase } = await import('../app/startup.js');
  const { openServices } = await import('../app/open-services.js');
  const server = await startDatabase(config, say);
  try {
    const { services, close } = await openServices(config, server.url, parts);
    try {
      await work(services, systemActor());
    } finally {
      await close();
    }
  } finally {
    await server.stop();
  }
}

/** Rows as JSON, or as a table for people. @param rows one row for each thing, its columns by their titles */
export function show(
  { json }: Json,
  result: object,
  rows: readonly Readonly<Record<string, string | number | null>>[],
): void {
  const text = json
    ? JSON.stringify(result, (_name, value: unknown) =>
        typeof value === 'bigint' ? value.toString() : value,
      )
    : tableOf(rows);
  process.stdout.write(`${text}\n`);
}

function tableOf(rows: readonly Readonly<Record<string, string | number | null>>[]): string {
  const [first] = rows;
  if (first === undefined) return 'None.';
  const titles = Object.keys(first);
  const lines = [
    titles.map((title) => title.toUpperCase()),
    ...rows.map((row) => titles.map((title) => cellOf(row[title]))),
  ];
  return alignColumns(lines).join('\n');
}

/** What came from outside neither moves the cursor of a terminal nor breaks a line. */
function cellOf(value: string | number | null | undefined): string {
  return String(value ?? '-').replace(/\p{Cc}+/gu, ' ');
}

/** Tells people that there is more. */
export function sayMore(say: Say, after: string | null): void {
  if (after !== null) say(`More: --after ${after}`);
}

/** The rows of a page that was asked for with one more, and the cursor of the next. */
export function pageOf<T>(
  found: readonly T[],
  first: number,
  cursorOf: (row: T) => string,
): { readonly rows: readonly T[]; readonly after: string | null } {
  const rows = found.slice(0, first);
  const last = rows.at(-1);
  return { rows, after: found.length > first && last !== undefined ? cursorOf(last) : null };
}

const DOLLAR = 1_000_000_000n;

/** Nano-USD of an amount in dollars, as "12.50" or "-3". */
export function toNanos(text: string): bigint {
  const [, sign, whole = '', part = ''] = /^(-?)(\d{1,9})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (sign === undefined) throw new InvalidArgumentError('Write dollars as 12.50.');
  const nanos = BigInt(whole) * DOLLAR + BigInt(part.padEnd(9, '0'));
  return sign === '-' ? -nanos : nanos;
}

/** Dollars with all their digits, and at least two after the point. */
export function toDollars(nanos: bigint): string {
  const digits = (nanos < 0n ? -nanos : nanos).toString().padStart(10, '0');
  const part = digits.slice(-9).replace(/0{0,7}$/, '');
  return `${nanos < 0n ? '-' : ''}${digits.slice(0, -9)}.${part}`;
}

/** A whole number above 0. */
export function toCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number above 0.');
}

/** How many rows of a list. */
export function toFirst(text: string): number {
  const first = toCount(text);
  if (first <= 1_000) return first;
  throw new InvalidArgumentError('At most 1000 at a time.');
}

/** A day or a moment (UTC). */
export function toMoment(text: string): Date {
  const date = new Date(text);
  if (/^\d{4}-\d\d-\d\d(T[\d:.]+Z)?$/.test(text) && !Number.isNaN(date.getTime())) return date;
  throw new InvalidArgumentError('Write a day as 2026-11-20, or a moment as 2026-11-20T08:00:00Z.');
}
