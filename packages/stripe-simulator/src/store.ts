import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Stripe } from 'stripe';
import { ulid } from 'ulid';

/** What the double keeps. `object` says which, as in Stripe's own answers. */
export type StripeObject =
  | Stripe.Customer
  | Stripe.PaymentMethod
  | Stripe.Checkout.Session
  | Stripe.PaymentIntent
  | Stripe.SetupIntent
  | Stripe.Charge
  | Stripe.Refund
  | Stripe.Dispute
  | Stripe.BalanceTransaction
  | Stripe.BillingPortal.Session
  | Stripe.Billing.Meter
  | Stripe.Event;
type Kind = StripeObject['object'];
type ObjectOf<K extends Kind> = Extract<StripeObject, { object: K }>;

/** A webhook that waits for its delivery. */
export interface Delivery {
  readonly id: string;
  readonly eventId: string;
  readonly endpoint: string;
  readonly attempts: number;
  /** Unix seconds. */
  readonly notBefore: number;
}

/** The first answer to an idempotency key. */
export interface KeptAnswer {
  readonly path: string;
  readonly params: string;
  readonly status: number;
  readonly body: string;
  readonly at: number;
}

/** A usage figure that was sent to a meter. */
export interface MeterEvent {
  readonly identifier: string;
  readonly eventName: string;
  readonly customer: string;
  readonly value: string;
  /** Unix seconds: what it counts for, and when it came. */
  readonly timestamp: number;
  readonly created: number;
}

/** What a session's intent is made of, once somebody tries to pay. */
export interface IntentTerms {
  readonly metadata: Stripe.Metadata;
  readonly setup_future_usage: Stripe.PaymentIntent.SetupFutureUsage | null;
}

interface Kept {
  objects: Record<string, StripeObject>;
  /** Numbers of the cards of payment methods: they decide what happens. */
  cards: Record<string, string>;
  /** By session. */
  intentTerms: Record<string, IntentTerms>;
  deliveries: Record<string, Delivery>;
  answers: Record<string, KeptAnswer>;
  meterEvents: MeterEvent[];
}

/** Everything that the double knows; with a file, it survives the process, however that ends. */
export class SimulatorStore {
  private readonly kept: Kept;
  /** The same objects, oldest first: every request looks for the pages that are over. */
  private readonly byKind = new Map<Kind, Map<string, StripeObject>>();

  /** @param options `file` undefined: nothing is kept; `now` in Unix seconds */
  constructor(
    private readonly options: { readonly file: string | undefined; readonly now: () => number },
  ) {
    this.kept = read(options.file) ?? {
      objects: {},
      cards: {},
      intentTerms: {},
      deliveries: {},
      answers: {},
      meterEvents: [],
    };
    for (const object of Object.values(this.kept.objects)) this.put(object);
  }

  get cards(): Record<string, string> {
    return this.kept.cards;
  }
  get intentTerms(): Record<string, IntentTerms> {
    return this.kept.intentTerms;
  }
  get deliveries(): Record<string, Delivery> {
    return this.kept.deliveries;
  }
  get answers(): Record<string, KeptAnswer> {
    return this.kept.answers;
  }
  get meterEvents(): MeterEvent[] {
    return this.kept.meterEvents;
  }

  /** Unix seconds. */
  now(): number {
    return this.options.now();
  }

  /** As Stripe's ids; `Double` says where it comes from. */
  newId(prefix: string): string {
    return `${prefix}_Double${ulid()}`;
  }

  put<T extends StripeObject>(object: T): T {
    this.kept.objects[object.id] = object;
    const same = this.byKind.get(object.object) ?? new Map<string, StripeObject>();
    this.byKind.set(object.object, same.set(object.id, object));
    return object;
  }

  find<K extends Kind>(kind: K, id: unknown): ObjectOf<K> | undefined {
    const object = typeof id === 'string' ? this.kept.objects[id] : undefined;
    return object?.object === kind ? (object as ObjectOf<K>) : undefined;
  }

  /** Newest first. */
  all<K extends Kind>(kind: K): ObjectOf<K>[] {
    return [...(this.byKind.get(kind)?.values() ?? [])].reverse() as ObjectOf<K>[];
  }

  any(id: string): StripeObject | undefined {
    return this.kept.objects[id];
  }

  /** Before an answer leaves: what was answered is never forgotten. */
  save(): void {
    const { file } = this.options;
    if (file === undefined) return;
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.new`, JSON.stringify(this.kept), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
}

function read(file: string | undefined): Kept | undefined {
  if (file === undefined) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Kept;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`${file} cannot be read. Remove it to begin with an empty Stripe double.`, {
      cause: error,
    });
  }
}
