import { AppError } from '../errors.js';
import { checkName } from '../platform/name.js';

const NAME_CHARS_MAX = 100;
const IMAGE_CHARS_MAX = 2_048;
const USER_AGENT_CHARS_MAX = 256;

/** What a person may change about themselves, as it comes in. */
export interface PersonFields {
  readonly name?: unknown;
  readonly image?: unknown;
}

/**
 * Checks a name and a picture that somebody gives themselves; what is left out stays as it is.
 * @returns those that were given
 * @throws AppError BAD_USER_INPUT
 */
export function checkPersonFields({ name, image }: PersonFields): {
  name?: string;
  image?: string | null;
} {
  if (name !== undefined && typeof name !== 'string') throw noText('name');
  return {
    ...(name === undefined ? {} : { name: checkName(name) }),
    ...(image === undefined ? {} : { image: checkImage(image) }),
  };
}

/** The same from an OAuth provider: nobody is refused for what is there. */
export function fitPersonFields({ name, image }: PersonFields): {
  name: string;
  image: string | null;
} {
  const text = typeof name === 'string' ? name.replace(/\p{Cc}/gu, ' ') : '';
  return {
    name: text.trim().slice(0, NAME_CHARS_MAX),
    image: isImage(image) ? image : null,
  };
}

/** What a browser or program calls itself, as far as it is kept. */
export function fitUserAgent(userAgent: string): string {
  return userAgent.replace(/\p{Cc}/gu, ' ').slice(0, USER_AGENT_CHARS_MAX);
}

function checkImage(image: unknown): string | null {
  if (image === null || isImage(image)) return image;
  throw new AppError(
    'BAD_USER_INPUT',
    `\`image\` must be an https address of at most ${String(IMAGE_CHARS_MAX)} characters, or null.`,
    { details: { argument: 'image' } },
  );
}

function isImage(image: unknown): image is string {
  return (
    typeof image === 'string' &&
    image.length <= IMAGE_CHARS_MAX &&
    image.startsWith('https://') &&
    URL.canParse(image)
  );
}

function noText(argument: string): AppError {
  return new AppError('BAD_USER_INPUT', `\`${argument}\` must be a string.`, {
    details: { argument },
  });
}
