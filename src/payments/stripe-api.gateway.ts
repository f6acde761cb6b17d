import pRetry from 'p-retry';
import Stripe from 'stripe';
import { AppError } from '../errors.js';

export interface StripeOptions {
  readonly secretKey: string;
  /** Of the webhook endpoint; two while it is rotated. */
  readonly webhookSecrets: readonly string[];
  /** Where the API answers; undefined: Stripe's own. */
  readonly apiUrl?: string | undefined;
  /** Adds Stripe Tax to what is sold. */
  readonly tax: boolean;
  /** Makes an invoice of each purchase, which the customer portal shows. */
  readonly invoices: boolean;
  readonly timeoutMs: number;
}

/** Shape of the events that this SDK knows: the webhook endpoint has to be set to it. */
export const STRIPE_API_VERSION: string = Stripe.API_VERSION;

const RETRIES = 3;
/** Of one write. */
const KEYS_MAX = 10;
/** Signatures are refused when older than this, or further ahead. */
const SIGNATURE_S = 300;

/** Stripe's SDK, with the retries that it does not do. What is asked for is said by the gateways. */
export class StripeApi {
  private readonly stripe: Stripe | undefined;

  /** @param options undefined: nothing is sold, and whoever asks is told so */
  constructor(readonly options: StripeOptions | undefined) {
    if (options === undefined) return;
    const address = options.apiUrl === undefined ? undefined : new URL(options.apiUrl);
    this.stripe = new Stripe(options.secretKey, {
      // `ask` retries, and knows more cases than the SDK.
      maxNetworkRetries: 0,
      timeout: options.timeoutMs,
      telemetry: false,
      appInfo: { name: 'gigarouter' },
      ...(address === undefined
        ? {}
        : {
            host: address.hostname,
            // The SDK's default is 443, whatever the protocol.
            port: address.port || (address.protocol === 'https:' ? 443 : 80),
            protocol: address.protocol === 'https:' ? 'https' : 'http',
          }),
    });
  }

  /** Which of Stripe's worlds the money is in: what was sold in one is unknown in the others. */
  get provider(): string {
    if (this.options === undefined) return 'none';
    if (this.options.apiUrl !== undefined) return 'double';
    return this.options.secretKey.includes('_live_') ? 'live' : 'test';
  }
  /**
   * Asks again, with the same key: the SDK would not after too many requests, or an answer that broke off.
   * @throws AppError UPSTREAM_UNAVAILABLE when what became of it is unknown; a StripeError otherwise
   */
  async ask<T>(work: (stripe: Stripe) => Promise<T>): Promise<T> {
    const { stripe } = this;
    if (stripe === undefined) {
      throw new AppError('UPSTREAM_UNAVAILABLE', 'Payments are not configured on this server.');
    }
    try {
      return await pRetry(() => work(stripe), {
        retries: RETRIES,
        minTimeout: 200,
        maxTimeout: 2_000,
        randomize: true,
        // What is stored is answered until the key is forgotten.
        shouldRetry: ({ error }) => isTransient(error) && !isStored(error),
      });
    } catch (cause) {
      if (!isTransient(cause)) throw cause;
      const message = 'The payment service cannot be reached at the moment. Try again shortly.';
      throw new AppError('UPSTREAM_UNAVAILABLE', message, { cause });
    }
  }

  /**
   * Writes under an idempotency key. Stripe keeps its answer to a key for a day, an error of its own included, and
   * gives it again: then what exists is read, and where nothing does the write is sent under a new key. Keys are made in
   * one order, so that whoever tries again passes by those that are spent.
   * @param find what an earlier try has made; asked before each new key
   * @throws AppError UPSTREAM_UNAVAILABLE when what became of it is unknown; a StripeError otherwise; as `find`
   */
  async write<T>(
    key: string,
    work: (stripe: Stripe, idempotencyKey: string) => Promise<T>,
    find: () => Promise<T | undefined>,
  ): Promise<T> {
    for (let n = 1; ; n++) {
      try {
        return await this.ask((stripe) => work(stripe, n === 1 ? key : `${key}:${String(n)}`));
      } catch (error) {
        if (n === KEYS_MAX || !(error instanceof AppError) || !isStored(error.cause)) throw error;
        const made = await find();
        if (made !== undefined) return made;
      }
    }
  }

  /**
   * Checks that a webhook comes from Stripe.
   * @param body the bytes as they came
   * @throws AppError BAD_REQUEST: forged, older or further ahead than five minutes, or changed on its way
   */
  verifySignature(body: Buffer, header: string, nowS: number): void {
    const signedS = Number(/(?:^|,)t=(\d{1,12})(?:,|$)/.exec(header)?.[1] ?? NaN);
    // The SDK takes any time that is to come.
    const ahead = !(signedS <= nowS + SIGNATURE_S);
    const genuine = this.options?.webhookSecrets.some((secret) => {
      try {
        return this.stripe?.webhooks.signature?.verifyHeader(
          body,
          header,
          secret,
          SIGNATURE_S,
          undefined,
          nowS * 1_000,
        );
      } catch {
        // Besides its own error the SDK throws others, at headers that it did not foresee, such as an empty `v1=`.
        return false;
      }
    });
    if (genuine === true && !ahead) return;
    throw new AppError('BAD_REQUEST', 'The signature is not valid for this body and timestamp.');
  }
}

function isTransient(error: unknown): boolean {
  return (
    error instanceof Stripe.errors.StripeConnectionError ||
    error instanceof Stripe.errors.StripeRateLimitError ||
    (error instanceof Stripe.errors.StripeAPIError && (error.statusCode ?? 500) >= 500) ||
    (error instanceof Stripe.errors.StripeError && error.statusCode === 409)
  );
}

/** An error of Stripe's own that it has kept with the key, and gives again. */
function isStored(error: unknown): boolean {
  return (
    error instanceof Stripe.errors.StripeAPIError &&
    (error.statusCode ?? 0) >= 500 &&
    error.headers?.['idempotent-replayed'] === 'true'
  );
}
