import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { parse } from 'qs';
import type { Faults } from './faults.js';
import { expanded, listOf } from './lists.js';
import { noParameters, read } from './parameters.js';
import { createResources, type Parts } from './resources.js';
import { missing, StripeSimulatorError } from './stripe-error.js';
import type { SimulatorStore, StripeObject } from './store.js';

/** How long an answer is known by its idempotency key. */
const KEY_KEPT_S = 86_400;
const JSON_TYPE = 'application/json; charset=utf-8';

type Handler = (id: string, given: unknown) => object;

/** Stripe's API, as far as this product uses it: what docs.stripe.com/api says of these addresses. */
export function registerApi(
  app: FastifyInstance,
  parts: Parts & { readonly faults: Faults },
): void {
  const { store, payments } = parts;
  const create = createResources(parts);
  const nothing = (given: unknown) => {
    read(noParameters, given);
  };
  const session = (id: string) => {
    const found = store.find('checkout.session', id);
    if (found === undefined) throw missing('checkout.session', id);
    return found;
  };

  const posts: Record<string, Handler> = {
    '/v1/customers': (_id, given) => create.customer(given),
    '/v1/checkout/sessions': (_id, given) => create.session(given),
    '/v1/checkout/sessions/:id/expire': (id, given) => {
      nothing(given);
      payments.expire(session(id));
      return session(id);
    },
    '/v1/payment_intents': (_id, given) => create.intent(given),
    '/v1/payment_intents/:id/cancel': (id, given) => {
      nothing(given);
      const intent = store.find('payment_intent', id);
      if (intent === undefined) throw missing('payment_intent', id);
      payments.cancel(intent);
      return intent;
    },
    '/v1/payment_methods/:id/detach': (id, given) => {
      nothing(given);
      const method = store.find('payment_method', id);
      if (method === undefined) throw missing('payment_method', id);
      payments.detach(method);
      return method;
    },
    '/v1/payment_methods/:id/attach': (id, given) => create.attachment(id, given),
    '/v1/refunds': (_id, given) => create.refund(given),
    '/v1/billing_portal/sessions': (_id, given) => create.portal(given),
    '/v1/billing/meters': (_id, given) => create.meter(given),
    '/v1/billing/meter_events': (_id, given) => create.meterEvent(given),
  };
  for (const [url, handler] of Object.entries(posts)) {
    app.post(url, (request, reply) =>
      answer(parts, request, reply, (id, given) =>
        expanded(store, handler(id, given), (given as { expand?: string[] } | null)?.expand),
      ),
    );
  }

  const kinds: Record<string, StripeObject['object']> = {
    customers: 'customer',
    'checkout/sessions': 'checkout.session',
    payment_intents: 'payment_intent',
    payment_methods: 'payment_method',
    setup_intents: 'setup_intent',
    charges: 'charge',
    refunds: 'refund',
    disputes: 'dispute',
    balance_transactions: 'balance_transaction',
    'billing/meters': 'billing.meter',
    events: 'event',
  };
  for (const [path, kind] of Object.entries(kinds)) {
    app.get(`/v1/${path}/:id`, (request, reply) =>
      answer(parts, request, reply, (id, given) => {
        const { expand } = read(noParameters, given);
        const found = store.find(kind, id);
        if (found === undefined) throw missing(kind, id);
        return expanded(store, found, expand);
      }),
    );
    app.get(`/v1/${path}`, (request, reply) =>
      answer(parts, request, reply, (_id, given) => listOf(store, kind, path, given)),
    );
  }
}

async function answer(
  { store, faults, payments }: Parts & { readonly faults: Faults },
  request: FastifyRequest,
  reply: FastifyReply,
  handler: Handler,
): Promise<FastifyReply> {
  const { method, url, headers } = request;
  const path = url.split('?', 1)[0] ?? url;
  const fault = faults.next(method, path);
  void reply.header('request-id', store.newId('req'));
  if (fault === 'reset') return cut(request, reply);
  // The caller gives up first.
  if (fault === 'timeout') return reply.hijack();
  if (fault === '429' || fault === '500' || fault === '409') {
    return send(reply, FAILED[fault]);
  }
  payments.expireOld();
  const given: unknown = method === 'GET' ? parse(url.split('?')[1] ?? '') : request.body;
  const key = headers['idempotency-key'];
  const kept = typeof key === 'string' ? known(store, key, path, given) : undefined;
  const result =
    kept ??
    (fault === 'stored-500'
      ? FAILED[500]
      : run(headers.authorization, () =>
          handler((request.params as { id?: string }).id ?? '', given),
        ));
  if (kept !== undefined && kept === store.answers[String(key)]) {
    void reply.header('idempotent-replayed', 'true');
  }
  // What was refused before it began may be sent again in another form.
  const began = result.status === 200 || result.status === 402 || result.status === 500;
  if (kept === undefined && typeof key === 'string' && began) {
    store.answers[key] = { path, params: JSON.stringify(given ?? {}), ...result, at: store.now() };
  }
  store.save();
  if (fault === 'lost') return cut(request, reply);
  if (fault === 'truncated') {
    reply.hijack();
    const length = Buffer.byteLength(result.body);
    reply.raw.writeHead(result.status, { 'content-type': JSON_TYPE, 'content-length': length });
    reply.raw.write(result.body.slice(0, Math.floor(result.body.length / 2)), () => {
      request.raw.socket.destroy();
    });
    return reply;
  }
  return send(reply, result);
}

interface Result {
  readonly status: number;
  readonly body: string;
}

function run(authorization: string | undefined, work: () => object): Result {
  try {
    if (!/^(?:Bearer|Basic) \S+/.test(authorization ?? '')) {
      throw new StripeSimulatorError(401, {
        type: 'invalid_request_error',
        message: 'You did not provide an API key.',
      });
    }
    return { status: 200, body: JSON.stringify(work()) };
  } catch (error) {
    if (!(error instanceof StripeSimulatorError)) throw error;
    return { status: error.status, body: JSON.stringify({ error: error.body }) };
  }
}

/** The answer that was given for a key. @throws nothing: other parameters under it are an answer too */
function known(
  store: SimulatorStore,
  key: string,
  path: string,
  given: unknown,
): Result | undefined {
  const found = store.answers[key];
  if (found === undefined || found.at <= store.now() - KEY_KEPT_S) return undefined;
  if (found.path === path && found.params === JSON.stringify(given ?? {})) return found;
  const same =
    found.path === path
      ? 'with the same parameters they were first used with'
      : `for the same endpoint they were first used for ('${found.path}')`;
  const error = {
    type: 'idempotency_error',
    message: `Keys for idempotent requests can only be used ${same}. Try using a key other than '${key}'.`,
  };
  return { status: 400, body: JSON.stringify({ error }) };
}

/** As Stripe words them: the SDK tells them apart by status and code. */
const FAILED = {
  409: failed(409, 'idempotency_error', 'idempotency_key_in_use'),
  429: failed(429, 'invalid_request_error', 'rate_limit'),
  500: failed(500, 'api_error'),
} as const;

function failed(status: number, type: string, code?: string): Result {
  const message = `The double was told to fail with ${String(status)}.`;
  return { status, body: JSON.stringify({ error: { type, message, code } }) };
}

function send(reply: FastifyReply, { status, body }: Result): FastifyReply {
  return reply.status(status).header('content-type', JSON_TYPE).send(body);
}

function cut(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.hijack();
  request.raw.socket.destroy();
  return reply;
}
