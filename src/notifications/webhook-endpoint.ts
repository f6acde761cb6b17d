import { randomBytes } from 'node:crypto';
import { AppError } from '../errors.js';
import type { AccountId, WebhookEndpointId } from '../platform/ids.js';
import { NOTIFICATION_TYPES, type NotificationType } from './notification.js';

/** Where an account wants to be told by HTTP; without its secret. */
export interface WebhookEndpoint {
  readonly id: WebhookEndpointId;
  readonly accountId: AccountId;
  readonly url: string;
  readonly description: string;
  /** Empty: all. */
  readonly types: readonly NotificationType[];
  readonly enabled: boolean;
  /** Why the platform switched it off; null when it did not. */
  readonly disabledReason: string | null;
  /** First failure since the last success. */
  readonly failingSince: Date | null;
  /** Until then the secret before this one signs too. */
  readonly previousSecretUntil: Date | null;
  readonly createdAt: Date;
}

/** What can be said of an endpoint. */
export interface EndpointSettings {
  readonly url: string;
  readonly description: string;
  readonly types: readonly NotificationType[];
}

export const ENDPOINTS_MAX = 10;
export const GRACE_HOURS_MAX = 24 * 30;
const URL_CHARS_MAX = 2_048;
const DESCRIPTION_CHARS_MAX = 200;
/** Below these lie the ports of other services, which have no business with webhooks. */
const FREE_PORTS_FROM = 1_024;

/** As the Standard Webhooks libraries take it: 32 random bytes. */
export function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/**
 * A URL whose form is right; where it leads is another question. Said in its normal form.
 * @throws AppError BAD_USER_INPUT that says what is wrong
 */
export function parseEndpointUrl(text: string): URL {
  if (text.length > URL_CHARS_MAX) {
    throw badUrl(`Webhook URLs can have at most ${String(URL_CHARS_MAX)} characters.`);
  }
  const url = URL.parse(text);
  if (url === null) throw badUrl('The webhook address is not a URL.');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw badUrl('Webhook URLs must start with https://.');
  }
  if (url.username !== '' || url.password !== '') {
    throw badUrl(
      'Webhook URLs must not contain a user name or password. Verify the webhook signature instead.',
    );
  }
  if (url.port !== '' && Number(url.port) < FREE_PORTS_FROM && !['80', '443'].includes(url.port)) {
    throw badUrl(`The port of a webhook URL must be 443, or ${String(FREE_PORTS_FROM)} or higher.`);
  }
  url.hash = '';
  return url;
}

/** @throws AppError BAD_USER_INPUT */
export function checkDescription(description: string): string {
  const trimmed = description.trim();
  if (trimmed.length <= DESCRIPTION_CHARS_MAX && !/\p{Cc}/u.test(trimmed)) return trimmed;
  throw new AppError(
    'BAD_USER_INPUT',
    `\`description\` must have at most ${String(DESCRIPTION_CHARS_MAX)} characters and no control characters.`,
    { details: { argument: 'description' } },
  );
}

/** Each once, in the order of the list. */
export function checkTypes(types: readonly NotificationType[]): NotificationType[] {
  return Object.values(NOTIFICATION_TYPES).filter((type) => types.includes(type));
}

export function badUrl(message: string, cause?: unknown): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument: 'url' }, cause });
}
