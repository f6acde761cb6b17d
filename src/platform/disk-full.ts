import { AppError } from '../errors.js';
import { anyCause } from './failure.js';

/** Of a file system: no space left, and no quota left. Of PostgreSQL: `disk_full`. */
const DISK_FULL_CODES = new Set(['ENOSPC', 'EDQUOT', '53100']);

/** True when something could not be written for want of space, here or at the database. Looks through causes. */
export function isDiskFull(error: unknown): boolean {
  return anyCause(error, ({ code, originalCode }) =>
    [code, originalCode].some((value) => DISK_FULL_CODES.has(String(value))),
  );
}

/** What a caller is told then. */
export function diskFull(cause: unknown): AppError {
  const message = 'The server has run out of storage. Try again later.';
  return new AppError('INSUFFICIENT_STORAGE', message, { cause });
}

/** What failed as it is, or `diskFull` where it failed for want of space. */
export function orDiskFull(error: unknown): unknown {
  return isDiskFull(error) ? diskFull(error) : error;
}
