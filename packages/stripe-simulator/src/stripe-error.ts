/** An answer that is not 2xx, in Stripe's shape. */
export class StripeSimulatorError extends Error {
  override readonly name = 'StripeSimulatorError';

  constructor(
    readonly status: number,
    readonly body: {
      readonly type: 'invalid_request_error' | 'card_error' | 'idempotency_error' | 'api_error';
      readonly message: string;
      readonly code?: string;
      readonly param?: string;
      readonly decline_code?: string | undefined;
      /** Of a card that was declined: the charge that failed. */
      readonly charge?: string;
      readonly payment_intent?: object;
      readonly payment_method?: object | undefined;
    },
  ) {
    super(body.message);
  }
}

export function invalid(message: string, more: { code?: string; param?: string } = {}) {
  return new StripeSimulatorError(400, { type: 'invalid_request_error', message, ...more });
}

/** @param param the parameter that names it; left out: the address does */
export function missing(kind: string, id: unknown, param?: string): StripeSimulatorError {
  return new StripeSimulatorError(param === undefined ? 404 : 400, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${kind}: '${String(id)}'`,
    param: param ?? 'id',
  });
}
