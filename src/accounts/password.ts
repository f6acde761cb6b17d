import { dictionary } from '@zxcvbn-ts/language-common';
import { AppError } from '../errors.js';

/** Length of a password, in UTF-16 code units. */
export const PASSWORD_CHARS = { min: 10, max: 128 } as const;

/** Shown wherever a password is chosen. */
export const PASSWORD_RULE =
  'New password, 10 to 128 characters. Common passwords, and those based mostly on your name, email address or the product name, are rejected.';

/** The 49,233 commonest of leaked passwords, by frequency; shorter ones are refused anyway. */
const COMMON: ReadonlySet<string> = new Set(
  dictionary['passwords-common'].filter((password) => password.length >= PASSWORD_CHARS.min),
);

const PRODUCT = 'gigarouter';
/** Shorter parts of a name stand in too many words. */
const NAME_PART_CHARS = 3;
/** Characters that a password needs beside names. */
const OWN_CHARS = 6;

/** Whose password it is. */
export interface PasswordOwner {
  readonly email: string;
  readonly name: string;
}

/** @throws AppError BAD_USER_INPUT that says what is wrong */
export function checkPassword(password: string, { email, name }: PasswordOwner): void {
  const { min, max } = PASSWORD_CHARS;
  if (password.length < min || password.length > max) {
    throw refused(
      `Password must have ${String(min)} to ${String(max)} characters (got ${String(password.length)}).`,
    );
  }
  const plain = plainOf(password);
  if (COMMON.has(plain)) throw refused('This password is too common. Choose another one.');
  const parts = [
    PRODUCT,
    plainOf(email),
    ...`${plainOf(name)} ${plainOf(email)}`.split(/[^\p{L}\p{N}]+/u),
  ]
    .filter((part) => part.length >= NAME_PART_CHARS)
    .sort((a, b) => b.length - a.length);
  const own = parts.reduce((rest, part) => rest.replaceAll(part, ''), plain);
  if (own.length >= OWN_CHARS || own === plain) return;
  throw refused(
    'Password must not consist mostly of your name, email address or the product name.',
  );
}

function plainOf(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

function refused(message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument: 'password' } });
}
