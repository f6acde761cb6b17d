import type { OAuthClient } from '../accounts/index.js';
import type { StripeOptions } from '../payments/index.js';

/** A configuration that cannot work; the message lists every problem, by variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** As they are in the environment. */
interface StripeVariables {
  readonly STRIPE_SECRET_KEY?: string | undefined;
  /** Separated by commas. */
  readonly STRIPE_WEBHOOK_SECRETS?: string | undefined;
  readonly STRIPE_API_URL?: string | undefined;
  readonly STRIPE_TAX: boolean;
  readonly STRIPE_INVOICES: boolean;
  readonly STRIPE_TIMEOUT_MS: number;
}

/** Entries of a comma-separated variable. */
export function listOf(value = ''): string[] {
  return value.split(',').flatMap((entry) => entry.trim() || []);
}

/** @throws ConfigError when only one of the two is set */
export function oauthClient(
  name: string,
  clientId: string | undefined,
  clientSecret: string | undefined,
): OAuthClient | undefined {
  if (clientId === undefined && clientSecret === undefined) return undefined;
  if (clientId !== undefined && clientSecret !== undefined) return { clientId, clientSecret };
  throw new ConfigError(
    `${name}_CLIENT_ID and ${name}_CLIENT_SECRET are set together, or not at all.`,
  );
}

/** @throws ConfigError when only one of key and secrets is set, or an address without them */
export function stripeOptions(values: StripeVariables): StripeOptions | undefined {
  const { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRETS: secrets } = values;
  const { STRIPE_API_URL: apiUrl } = values;
  if (secretKey === undefined && secrets === undefined && apiUrl === undefined) return undefined;
  const webhookSecrets = listOf(secrets);
  if (secretKey === undefined || webhookSecrets.length === 0) {
    throw new ConfigError(
      'STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRETS are set together, or not at all; STRIPE_API_URL needs both.',
    );
  }
  return {
    secretKey,
    webhookSecrets,
    apiUrl,
    tax: values.STRIPE_TAX,
    invoices: values.STRIPE_INVOICES,
    timeoutMs: values.STRIPE_TIMEOUT_MS,
  };
}
