import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from '@gigarouter/stripe-simulator';
import type { PaymentRig } from './payment-rig.js';
import type { Random } from './random.js';

/** How often each kind of thing happened. */
export class Tally {
  private readonly counts = new Map<string, number>();

  /** @param onAdd hears of each thing, too */
  constructor(private readonly onAdd?: (what: string) => void) {}

  readonly add = (what: string, times = 1): void => {
    this.counts.set(what, this.of(what) + times);
    this.onAdd?.(what);
  };

  of(what: string): number {
    return this.counts.get(what) ?? 0;
  }

  /** As "3 × this, 2 × that", in order of names. */
  toString(): string {
    return [...this.counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([what, times]) => `${String(times)} × ${what}`)
      .join(', ');
  }
}

/** What Stripe's API does instead of answering, out of so many. Kept failures make a whole call impossible. */
const FAULTS: Readonly<Record<Fault, number>> = {
  '429': 8,
  '500': 8,
  '409': 5,
  reset: 8,
  lost: 10,
  truncated: 6,
  timeout: 3,
  'stored-500': 1,
};
/** Share of the requests to Stripe that fail, on ordinary days and in a storm. */
const [CALM, STORM] = [0.04, 0.4];
/** Of what passes to and from PostgreSQL. */
const [CUT, DELAYED] = [0.0004, 0.02];

/** Of webhooks, on ordinary days: lost for good, and told twice. */
const [DROPPED, DOUBLED] = [0.06, 0.15];

/** Writes of which one too many, or one that is forgotten, costs money. */
const WRITES = [/^POST \/v1\/payment_intents$/, /^POST \/v1\/refunds$/];
const UNKNOWN = ['lost', 'truncated', 'timeout', '500'] as const;

/** What comes next, out of so many; about 30 s for all. */
const EVENTS = {
  'server killed': 6,
  'PostgreSQL killed': 2,
  'connections cut': 2,
  'storm at Stripe': 3,
  'webhooks lost': 2,
  'write gone wrong': 10,
  'time moved on': 8,
};
/** What a turn of the clock moves on: retries and leases, and the back-off of a card that was declined. */
const [LEAP_S, BACK_OFF_S] = [45, 3_600];

export interface Trouble {
  /** No faults any more, and everything is up. */
  end(): Promise<void>;
}

/** Kills servers and PostgreSQL, cuts and delays, and makes Stripe fail, until it is ended. */
export function startTrouble(rig: PaymentRig, random: Random, tally: Tally): Trouble {
  const { double, toPostgres } = rig;
  const faults = random.fork('faults');
  const drawFault = faults.deck(FAULTS);
  let share = CALM;
  double.faults.drawWith(() => {
    if (!faults.chance(share)) return undefined;
    const fault = drawFault();
    tally.add(fault);
    return fault;
  });
  const webhooks = double.webhooks.faults;
  const deliveries = random.fork('deliveries');
  Object.assign(webhooks, {
    drop: DROPPED,
    duplicate: DOUBLED,
    delayMs: 1_500,
    random: deliveries.next,
  });
  const network = random.fork('network');
  const pass = async () => {
    if (network.chance(CUT)) return false;
    if (network.chance(DELAYED)) await pause(network.int(1, 40));
    return true;
  };
  toPostgres.hooks = { toServer: pass, toClient: pass };

  const happen: Record<keyof typeof EVENTS, () => unknown> = {
    'server killed': () => {
      rig.killServer();
    },
    'PostgreSQL killed': () => rig.killPostgres(random.int(0, 1_500)),
    'connections cut': () => {
      toPostgres.cut();
    },
    'storm at Stripe': async () => {
      share = STORM;
      await pause(random.int(500, 2_500));
      share = CALM;
    },
    'webhooks lost': async () => {
      webhooks.drop = 1;
      await pause(random.int(500, 2_000));
      webhooks.drop = DROPPED;
    },
    // Sometimes so often that it is given up, and found out later.
    'write gone wrong': () => {
      const [fault, path] = [random.pick(UNKNOWN), random.pick(WRITES)];
      if (fault !== undefined) double.faults.plan(fault, path, random.int(1, 6));
    },
    'time moved on': () => moveTime(rig, LEAP_S),
  };
  const end = new AbortController();
  const draw = random.deck(EVENTS);
  const work = (async () => {
    for (;;) {
      await pause(random.int(300, 1_300));
      if (end.signal.aborted) return;
      const event = draw();
      tally.add(event);
      await happen[event]();
    }
  })();
  // It is awaited in the end, and until then nobody's to handle.
  work.catch(() => undefined);

  return {
    end: async () => {
      end.abort();
      await work;
      double.faults.clear();
      Object.assign(webhooks, { drop: 0, duplicate: 0, delayMs: 0 });
      toPostgres.hooks = {};
      await rig.allUp();
    },
  };
}

/**
 * Makes what waits for a time wait less, at Stripe and here: as if the clock went on. What is being done at
 * the moment may come to be done twice, as after a long pause of a process.
 */
export async function moveTime({ db, double }: PaymentRig, seconds: number): Promise<void> {
  const { deliveries } = double.store;
  for (const [id, delivery] of Object.entries(deliveries)) {
    deliveries[id] = { ...delivery, notBefore: delivery.notBefore - seconds };
  }
  const statements = [
    `UPDATE stripe_event SET not_before = not_before - make_interval(secs => $1) WHERE handled_at IS NULL`,
    `UPDATE purchase p SET checked_at = checked_at - make_interval(secs => $1),
                           created_at = created_at - make_interval(secs => $1)
      WHERE state IN ('PENDING', 'WAITING')
         OR EXISTS (SELECT FROM refund_request r WHERE r.purchase_id = p.id AND r.state = 'PENDING')`,
    `UPDATE refund_request SET created_at = created_at - make_interval(secs => $1) WHERE state = 'PENDING'`,
    `UPDATE top_up_policy SET next_attempt_at = next_attempt_at - greatest(make_interval(secs => $1),
                                                                 interval '${String(BACK_OFF_S)} s')`,
  ];
  for (const statement of statements) {
    // PostgreSQL may be away: then time stands still for a moment.
    await db.query(statement, [seconds]).catch(() => undefined);
  }
}
