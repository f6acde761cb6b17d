import { AppError } from '../errors.js';

const REASON_CHARS_MAX = 500;

/**
 * Why somebody did something, in their words, without the blanks around them.
 * @throws AppError BAD_USER_INPUT unless 1 to 500 characters, none of them a control character
 */
export function checkReason(reason: string): string {
  const trimmed = reason.trim();
  if (trimmed !== '' && trimmed.length <= REASON_CHARS_MAX && !/\p{Cc}/u.test(trimmed)) {
    return trimmed;
  }
  throw new AppError(
    'BAD_USER_INPUT',
    `\`reason\` must have 1 to ${String(REASON_CHARS_MAX)} characters and no control characters.`,
    { details: { argument: 'reason' } },
  );
}
