import { createHmac } from 'node:crypto';
import type { Stripe } from 'stripe';
import type { Delivery, SimulatorStore, StripeObject } from './store.js';

/** Where events are sent to, as configured at Stripe. */
export interface WebhookEndpoint {
  readonly url: string;
  readonly secret: string;
  /** Shape of the events; by default the SDK's. */
  readonly apiVersion: string;
}

/** What befalls a delivery. `hold`: nothing is sent until a test sends it. */
export interface DeliveryFaults {
  hold?: boolean;
  /** 0–1 each. */
  drop?: number;
  duplicate?: number;
  /** Milliseconds at most, drawn anew for each delivery, so that they overtake each other. */
  delayMs?: number;
  random?: () => number;
}

const RETRY_S = [1, 5, 30, 300, 3_600] as const;
const TIMEOUT_MS = 10_000;
const TURN_MS = 50;

/** Sends signed events, at least once, in no order, again and again until the endpoint answers 2xx. */
export class Webhooks {
  readonly faults: DeliveryFaults = {};
  private readonly timer: NodeJS.Timeout;
  private readonly sending = new Set<Promise<void>>();

  constructor(
    private readonly store: SimulatorStore,
    private readonly endpoints: () => readonly WebhookEndpoint[],
  ) {
    this.timer = setInterval(() => {
      this.sendDue();
    }, TURN_MS).unref();
  }

  /** Writes down that something happened, as the object is at this moment. */
  readonly emit = (type: string, object: StripeObject): void => {
    const event = this.store.put({
      id: this.store.newId('evt'),
      object: 'event',
      api_version: null,
      created: this.store.now(),
      data: { object: structuredClone(object) },
      livemode: false,
      pending_webhooks: this.endpoints().length,
      request: { id: null, idempotency_key: null },
      type,
    } as unknown as Stripe.Event);
    this.endpoints().forEach((endpoint, at) => {
      const id = `${event.id}:${String(at)}`;
      const delivery = { id, eventId: event.id, endpoint: endpoint.url, attempts: 0, notBefore: 0 };
      this.store.deliveries[id] = delivery;
    });
  };

  /** Body and signature of an event, as an endpoint gets them. */
  sign(event: Stripe.Event, endpoint: WebhookEndpoint, atS = this.store.now()) {
    const body = JSON.stringify({ ...event, api_version: endpoint.apiVersion });
    return { body, signature: signatureOf(body, endpoint.secret, atS) };
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.sending);
  }

  private sendDue(): void {
    if (this.faults.hold === true) return;
    const now = this.store.now();
    for (const delivery of Object.values(this.store.deliveries)) {
      if (delivery.notBefore > now) continue;
      // Whether it arrives is known later; until then it is nobody else's.
      this.store.deliveries[delivery.id] = {
        ...delivery,
        notBefore: now + RETRY_S[0] + TIMEOUT_MS / 1_000,
      };
      const work = this.deliver(delivery)
        // Its file cannot be written, perhaps: the delivery is still there, and due again.
        .catch(() => undefined)
        .finally(() => this.sending.delete(work));
      this.sending.add(work);
    }
  }

  private async deliver(delivery: Delivery): Promise<void> {
    const { drop = 0, duplicate = 0, delayMs = 0, random = Math.random } = this.faults;
    if (random() < drop) {
      this.done(delivery);
      return;
    }
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, random() * delayMs));
    const twice = random() < duplicate;
    const [first] = await Promise.all([this.send(delivery), twice && this.send(delivery)]);
    if (first) this.done(delivery);
    else this.later(delivery);
  }

  /** @returns whether the endpoint has it */
  private async send(delivery: Delivery): Promise<boolean> {
    const event = this.store.find('event', delivery.eventId);
    const endpoint = this.endpoints().find(({ url }) => url === delivery.endpoint);
    if (event === undefined || endpoint === undefined) return true;
    const { body, signature } = this.sign(event, endpoint);
    try {
      const response = await fetch(endpoint.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'stripe-signature': signature,
        },
        body,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.arrayBuffer();
      return response.ok;
    } catch {
      return false;
    }
  }

  private done({ id }: Delivery): void {
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a dictionary that is kept as JSON
    delete this.store.deliveries[id];
    this.store.save();
  }

  private later(delivery: Delivery): void {
    const waitS = RETRY_S[delivery.attempts];
    if (waitS === undefined) {
      this.done(delivery);
      return;
    }
    this.store.deliveries[delivery.id] = {
      ...delivery,
      attempts: delivery.attempts + 1,
      notBefore: this.store.now() + waitS,
    };
    this.store.save();
  }
}

/** The header `stripe-signature` (docs.stripe.com/webhooks/signature). @param atS Unix seconds */
export function signatureOf(body: string, secret: string, atS: number): string {
  const hash = createHmac('sha256', secret)
    .update(`${String(atS)}.${body}`)
    .digest('hex');
  return `t=${String(atS)},v1=${hash}`;
}
