import type { Stripe } from 'stripe';
import { newMeter } from './balance-objects.js';
import { invalid } from './stripe-error.js';
import type { SimulatorStore } from './store.js';

const DAY_S = 86_400;
/** Identifiers are known again for a day at least, and no longer here. */
const KNOWN_S = DAY_S;
const OLDEST_S = 35 * DAY_S;
const AHEAD_S = 300;
const DIGITS_MAX = 15;

/** Billing Meters: sums of usage by customer. An event name without a meter gets one. */
export class Meters {
  constructor(private readonly store: SimulatorStore) {}

  /** @throws StripeSimulatorError 400 for a duplicate, and for what Stripe does not take */
  record(given: {
    event_name: string;
    payload: Readonly<Record<string, string>>;
    identifier?: string | undefined;
    timestamp?: number | undefined;
  }): Stripe.Billing.MeterEvent {
    const now = this.store.now();
    const { identifier = this.store.newId('mtr'), timestamp = now } = given;
    const { value = '', stripe_customer_id: customer = '' } = given.payload;
    if (timestamp < now - OLDEST_S) {
      throw invalid('The event timestamp is too far in the past.', {
        code: 'timestamp_too_far_in_past',
      });
    }
    if (timestamp > now + AHEAD_S) {
      throw invalid('The event timestamp is in the future.', { code: 'timestamp_in_future' });
    }
    if (!/^\d+$/.test(value)) {
      throw invalid('The value is not a whole number.', { code: 'meter_event_invalid_value' });
    }
    if (value.length > DIGITS_MAX) {
      throw invalid('The value has too many digits.', {
        code: 'meter_event_value_too_many_digits',
      });
    }
    if (this.store.find('customer', customer) === undefined) {
      throw invalid('The customer does not exist.', { code: 'meter_event_customer_not_found' });
    }
    const known = this.store.meterEvents.some(
      (event) => event.identifier === identifier && event.created > now - KNOWN_S,
    );
    if (known) {
      throw invalid(`An event already exists with identifier ${identifier}.`, {
        code: 'duplicate_meter_event',
      });
    }
    const eventName = given.event_name;
    if (!this.isKnown(eventName)) {
      this.create({
        default_aggregation: { formula: 'sum' },
        display_name: eventName,
        event_name: eventName,
      });
    }
    this.store.meterEvents.push({
      identifier,
      eventName,
      customer,
      value,
      timestamp,
      created: now,
    });
    return {
      object: 'billing.meter_event',
      created: now,
      event_name: eventName,
      identifier,
      livemode: false,
      payload: { ...given.payload },
      timestamp,
    };
  }

  /** Whole units of a customer, over all time. */
  total(eventName: string, customer?: string): bigint {
    return this.store.meterEvents
      .filter((event) => event.eventName === eventName)
      .filter((event) => customer === undefined || event.customer === customer)
      .reduce((sum, { value }) => sum + BigInt(value), 0n);
  }

  /** @throws StripeSimulatorError 400 when an event's name has a meter already */
  create(
    given: Pick<Stripe.Billing.Meter, 'default_aggregation' | 'display_name' | 'event_name'>,
    event_time_window: Stripe.Billing.Meter['event_time_window'] = null,
  ): Stripe.Billing.Meter {
    if (this.isKnown(given.event_name)) {
      throw invalid(`An active meter already exists with event name ${given.event_name}.`, {
        code: 'resource_already_exists',
        param: 'event_name',
      });
    }
    const made = { id: this.store.newId('mtr'), created: this.store.now() };
    return this.store.put(newMeter(made, { ...given, event_time_window }));
  }

  private isKnown(eventName: string): boolean {
    return this.store.all('billing.meter').some((meter) => meter.event_name === eventName);
  }
}
