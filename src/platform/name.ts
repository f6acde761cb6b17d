import { AppError } from '../errors.js';

const NAME_CHARS_MAX = 100;

/**
 * A name that a person gave to something of theirs, without the blanks around it.
 * @throws AppError BAD_USER_INPUT unless 1 to 100 characters, none of them a control character
 */
export function checkName(name: string): string {
  const trimmed = name.trim();
  if (trimmed !== '' && trimmed.length <= NAME_CHARS_MAX && !/\p{Cc}/u.test(trimmed))
    return trimmed;
  throw new AppError(
    'BAD_USER_INPUT',
    `\`name\` must have 1 to ${String(NAME_CHARS_MAX)} characters and no control characters.`,
    { details: { argument: 'name' } },
  );
}
