import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { parse } from 'qs';
import { finishUnreadBodies } from './unread-body.js';
import { registerApi } from './api.js';
import { Faults } from './faults.js';
import { Meters } from './meters.js';
import { registerPages } from './pages.js';
import { refuseOtherSites } from './other-sites.js';
import { Payments } from './payments.js';
import { Reversals } from './reversals.js';
import { StripeSimulatorError } from './stripe-error.js';
import { SimulatorStore } from './store.js';
import { type WebhookEndpoint, Webhooks } from './webhooks.js';

export interface StripeSimulatorOptions {
  /** What is kept over restarts; undefined: nothing. */
  readonly file?: string | undefined;
  readonly host?: string | undefined;
  /** 0 lets the system choose. */
  readonly port?: number | undefined;
  /** Unix seconds. */
  readonly now?: () => number;
}

/**
 * A stateful double of Stripe, for machines without a Stripe account and for tests: the real SDK speaks to
 * it. No money moves. One process at a time may use a file.
 */
export interface StripeSimulator {
  /** Without a slash at the end. */
  readonly url: string;
  readonly store: SimulatorStore;
  readonly payments: Payments;
  readonly reversals: Reversals;
  readonly meters: Meters;
  readonly webhooks: Webhooks;
  readonly faults: Faults;
  /** Sends every event of the future there. */
  addEndpoint(endpoint: WebhookEndpoint): void;
  stop(): Promise<void>;
}

export async function startStripeSimulator(
  options: StripeSimulatorOptions = {},
): Promise<StripeSimulator> {
  const {
    file,
    host = '127.0.0.1',
    port = 0,
    now = () => Math.floor(Date.now() / 1_000),
  } = options;
  const store = new SimulatorStore({ file, now });
  const endpoints: WebhookEndpoint[] = [];
  const webhooks = new Webhooks(store, () => endpoints);
  const reversals = new Reversals(store, webhooks.emit);
  let address = '';
  const url = () => address;
  const payments = new Payments({ store, emit: webhooks.emit, url, disputes: reversals });
  const meters = new Meters(store);
  const faults = new Faults();
  const parts = { store, payments, reversals, meters, faults, url };

  const app = fastify({ logger: false, forceCloseConnections: true });
  refuseOtherSites(app, host);
  finishUnreadBodies(app.server);
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => {
      done(null, parse(String(body), { depth: 10, arrayLimit: 100, parameterLimit: 2_000 }));
    },
  );
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof StripeSimulatorError) {
      return reply.status(error.status).send({ error: error.body });
    }
    // What Fastify refuses, as a body that breaks off, is the request's fault.
    const { statusCode = 500 } = error as { statusCode?: number };
    const type = statusCode < 500 ? 'invalid_request_error' : 'api_error';
    return reply.status(statusCode).send({ error: { type, message: String(error) } });
  });
  app.setNotFoundHandler((request, reply) =>
    reply.status(404).send({
      error: {
        type: 'invalid_request_error',
        message: `Unrecognized request URL (${request.method}: ${request.url}).`,
      },
    }),
  );
  registerApi(app, parts);
  registerPages(app, parts);
  await app.listen({ host, port });
  const { port: chosen } = app.server.address() as AddressInfo;
  const isHere = ['127.0.0.1', '0.0.0.0', '::'].includes(host);
  address = `http://${isHere ? 'localhost' : host}:${String(chosen)}`;

  return {
    url: address,
    store,
    payments,
    reversals,
    meters,
    webhooks,
    faults,
    addEndpoint: (endpoint) => {
      endpoints.push(endpoint);
    },
    stop: async () => {
      await webhooks.stop();
      await app.close();
    },
  };
}
