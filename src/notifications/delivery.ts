import type { DeliveryId, WebhookEndpointId } from '../platform/ids.js';
import type { NotificationType } from './notification.js';

export const DELIVERY_STATES = {
  WAITING: 'WAITING',
  DELIVERED: 'DELIVERED',
  DEAD: 'DEAD',
} as const;
export type DeliveryState = keyof typeof DELIVERY_STATES;

/** A notification on its way to one endpoint, and what came of the last attempt. */
export interface Delivery {
  readonly id: DeliveryId;
  /** Of the notification: what receivers see as `webhook-id`. */
  readonly notificationId: string;
  readonly type: NotificationType;
  readonly endpointId: WebhookEndpointId;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly nextAttemptAt: Date;
  readonly attemptedAt: Date | null;
  readonly responseCode: number | null;
  readonly durationMs: number | null;
  readonly error: string | null;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
}

/** A delivery in hand, with all that it takes to send it. */
export interface ClaimedDelivery {
  readonly id: DeliveryId;
  /** `mail`, or the endpoint's id. */
  readonly queue: string;
  /** This one included: who marks the outcome says it, so that nobody marks another's. */
  readonly attempts: number;
  readonly notificationId: string;
  readonly type: string;
  readonly data: object;
  readonly createdAt: Date;
  /** When it was claimed. */
  readonly attemptedAt: Date;
  readonly mail: { readonly to: string; readonly subject: string; readonly text: string } | null;
  readonly webhook: {
    readonly url: string;
    /** Each signs. */
    readonly secrets: readonly string[];
    readonly enabled: boolean;
    /** Its last delivery failed. */
    readonly failing: boolean;
  } | null;
}

/** What came of an attempt. */
export interface Outcome {
  readonly delivered: boolean;
  readonly durationMs: number;
  readonly responseCode?: number | undefined;
  readonly error?: string | undefined;
  /** Seconds that the receiver asked to be left alone for. */
  readonly retryAfterS?: number | undefined;
}

const MINUTE_S = 60;
const HOUR_S = 3_600;
/**
 * Seconds until the next attempt, as the Standard Webhooks specification has it: three days and three hours
 * in all. After the last one the delivery is dead.
 */
const RETRY_S = [
  5,
  5 * MINUTE_S,
  30 * MINUTE_S,
  2 * HOUR_S,
  5 * HOUR_S,
  10 * HOUR_S,
  14 * HOUR_S,
  20 * HOUR_S,
  24 * HOUR_S,
] as const;
const RETRY_AFTER_S_MAX = 24 * HOUR_S;

/**
 * Seconds until the next attempt; undefined: there is none.
 * @param attempts that were made, 1 or more
 * @param random 0 to 1: moves it by a tenth to either side, so that what failed together comes apart
 */
export function retryS(
  attempts: number,
  retryAfterS = 0,
  random = Math.random(),
): number | undefined {
  const wait = RETRY_S[attempts - 1];
  if (wait === undefined) return undefined;
  return Math.max(wait * (0.9 + 0.2 * random), Math.min(retryAfterS, RETRY_AFTER_S_MAX));
}
