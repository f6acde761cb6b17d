import { z } from 'zod';
import { invalid } from './stripe-error.js';

/** Parameters as forms carry them: every value is text. An unknown one is refused, as Stripe does. */

const NOT_WHOLE = 'Invalid integer';
const whole = z
  .string()
  .regex(/^-?\d{1,15}$/, NOT_WHOLE)
  .transform(Number);
const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
const text = z.string().max(5_000);
const metadata = z.record(z.string().max(40), z.string().max(500)).default({});
const expand = z.array(text).max(20).optional();

export const customerCreate = z.strictObject({
  email: text.optional(),
  name: text.optional(),
  metadata,
  expand,
});

const setupFutureUsage = z.enum(['off_session', 'on_session']).optional();

export const sessionCreate = z.strictObject({
  mode: z.enum(['payment', 'setup']),
  customer: text,
  client_reference_id: text.optional(),
  currency: text.optional(),
  line_items: z
    .array(
      z.strictObject({
        quantity: whole.default(1),
        price_data: z.strictObject({
          currency: text,
          unit_amount: whole,
          tax_behavior: text.optional(),
          product_data: z.strictObject({
            name: text,
            description: text.optional(),
            tax_code: text.optional(),
          }),
        }),
      }),
    )
    .max(100)
    .optional(),
  metadata,
  payment_intent_data: z
    .strictObject({
      metadata,
      setup_future_usage: setupFutureUsage,
      description: text.optional(),
      receipt_email: text.optional(),
    })
    .optional(),
  setup_intent_data: z.strictObject({ metadata }).optional(),
  automatic_tax: z.strictObject({ enabled: flag }).optional(),
  adaptive_pricing: z.strictObject({ enabled: flag }).optional(),
  customer_update: z.strictObject({ address: text.optional(), name: text.optional() }).optional(),
  tax_id_collection: z.strictObject({ enabled: flag }).optional(),
  invoice_creation: z.strictObject({ enabled: flag }).optional(),
  excluded_payment_method_types: z.array(text).optional(),
  expires_at: whole.optional(),
  success_url: text,
  cancel_url: text.optional(),
  expand,
});

export const intentCreate = z.strictObject({
  amount: whole,
  currency: text,
  customer: text,
  payment_method: text,
  off_session: flag,
  confirm: flag,
  automatic_payment_methods: z
    .strictObject({ enabled: flag, allow_redirects: z.enum(['always', 'never']).optional() })
    .optional(),
  description: text.optional(),
  metadata,
  expand,
});

export const methodAttach = z.strictObject({ customer: text, expand });

export const refundCreate = z.strictObject({
  payment_intent: text.optional(),
  charge: text.optional(),
  amount: whole.optional(),
  reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
  metadata,
  expand,
});

export const portalCreate = z.strictObject({
  customer: text,
  return_url: text.optional(),
  expand,
});

export const meterCreate = z.strictObject({
  display_name: text,
  event_name: z.string().max(100),
  default_aggregation: z.strictObject({ formula: z.enum(['count', 'last', 'sum']) }),
  customer_mapping: z
    .strictObject({ type: z.literal('by_id'), event_payload_key: z.literal('stripe_customer_id') })
    .optional(),
  value_settings: z.strictObject({ event_payload_key: z.literal('value') }).optional(),
  event_time_window: z.enum(['day', 'hour']).optional(),
  expand,
});

export const meterEventCreate = z.strictObject({
  event_name: text,
  payload: z.record(text, text),
  identifier: z.string().max(100).optional(),
  timestamp: whole.optional(),
});

export const noParameters = z.strictObject({ expand });

/** What a list may be narrowed by, besides the time of creation. */
const FILTERS: Readonly<Record<string, readonly string[]>> = {
  customer: ['email'],
  'checkout.session': ['customer', 'payment_intent', 'status'],
  payment_intent: ['customer'],
  payment_method: ['customer', 'type'],
  setup_intent: ['customer', 'payment_method'],
  charge: ['customer', 'payment_intent'],
  refund: ['charge', 'payment_intent'],
  dispute: ['charge', 'payment_intent'],
  balance_transaction: ['currency', 'source', 'type'],
  'billing.meter': ['status'],
  event: ['type'],
};

const paging = z.strictObject({
  limit: whole.refine((limit) => limit >= 1 && limit <= 100, 'Must be 1 to 100').default(10),
  starting_after: text.optional(),
  ending_before: text.optional(),
  created: z
    .strictObject({
      gte: whole.optional(),
      gt: whole.optional(),
      lt: whole.optional(),
      lte: whole.optional(),
    })
    .optional(),
  expand,
});

/** @param kind of the objects that are listed */
export function readList(kind: string, given: unknown) {
  const names = FILTERS[kind] ?? [];
  const fields = Object.fromEntries(names.map((name) => [name, text.optional()]));
  const all = read(paging.extend(fields), given) as unknown as z.infer<typeof paging>;
  const values = new Map<string, unknown>(Object.entries(all));
  const filters = names.map((name) => [name, values.get(name)] as const);
  return { ...all, filters: filters.filter(([, value]) => value !== undefined) };
}

/** @throws StripeSimulatorError 400 that names the parameter */
export function read<T>(schema: z.ZodType<T>, given: unknown): T {
  const params = given ?? {};
  if (typeof params === 'object' && 'payment_method_types' in params) {
    throw invalid('payment_method_types is no longer supported.', {
      code: 'payment_method_types_no_longer_supported',
      param: 'payment_method_types',
    });
  }
  const result = schema.safeParse(params);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const param = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])]
    .map(String)
    .reduce((before, part) => (before === '' ? part : `${before}[${part}]`), '');
  if (unknown !== undefined) {
    throw invalid(`Received unknown parameter: ${param}`, { code: 'parameter_unknown', param });
  }
  const value = issue?.path.reduce<unknown>(
    (within, name) => (within as Record<PropertyKey, unknown> | undefined)?.[name],
    params,
  );
  if (value === undefined) {
    throw invalid(`Missing required param: ${param}.`, { code: 'parameter_missing', param });
  }
  const message = issue?.message ?? 'not valid';
  const isInteger = message === NOT_WHOLE;
  throw invalid(`Invalid ${param}: ${message}`, {
    ...(isInteger ? { code: 'parameter_invalid_integer' } : {}),
    param,
  });
}
