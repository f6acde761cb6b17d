import { AppError } from '../errors.js';

/** Length of a password, in UTF-16 code units. */
export const PASSWORD_CHARS = { min: 10, max: 128 } as const;

/** @throws AppError BAD_USER_INPUT */
export function checkPasswordLength(password: string): void {
  const { min, max } = PASSWORD_CHARS;
  if (password.length >= min && password.length <= max) return;
  throw new AppError(
    'BAD_USER_INPUT',
    `A password has ${String(min)} to ${String(max)} characters (got ${String(password.length)}).`,
    { details: { argument: 'password' } },
  );
}
