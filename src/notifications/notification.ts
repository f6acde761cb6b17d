import type { AccountId } from '../platform/ids.js';

/** Every type, by its name in GraphQL. A webhook carries the name on the right as `type`. */
export const NOTIFICATION_TYPES = {
  MODEL_EARLY_ACCESS: 'model.early_access',
  MODEL_LIVE: 'model.live',
  MODEL_DEGRADED: 'model.degraded',
  BALANCE_LOW: 'balance.low',
  SPEND_OVER_BUDGET: 'spend.over_budget',
  ERRORS_HIGH: 'errors.high',
  KEY_NEAR_CAP: 'key.near_cap',
  WEBHOOK_TEST: 'webhook.test',
  WEBHOOK_DISABLED: 'webhook.disabled',
} as const;
export type WebhookType = (typeof NOTIFICATION_TYPES)[keyof typeof NOTIFICATION_TYPES];
/** Besides those that webhooks carry, what people are told by mail only. */
export type NotificationType = WebhookType | 'security.event' | 'top_up.failed';

/** Something that people are told, once. */
export interface NewNotification {
  /**
   * Made from what it tells ("model-live:mdl_…:req_…"): a second one with the same id is nothing. Letters,
   * digits, `_`, `:` and `-`, 200 at most. Receivers of webhooks see it as `webhook-id`.
   */
  readonly id: string;
  readonly type: NotificationType;
  /** Whose webhooks get it; undefined: mail only. */
  readonly accountId: AccountId | undefined;
  /** What a webhook carries as `data`. */
  readonly data: object;
  readonly mail: NotificationMail | undefined;
}

export interface NotificationMail {
  /** Each gets a mail of their own. */
  readonly to: readonly string[];
  readonly subject: string;
  /** Plain text. */
  readonly text: string;
}

/** Without a full stop: the signature's text is joined by them, and has to be read in one way only. */
const ID = /^[\w:-]{1,200}$/;

/** @throws Error when the id cannot be the id of a webhook: a mistake of ours */
export function checkNotificationId(id: string): string {
  if (ID.test(id)) return id;
  throw new Error(`"${id}" cannot be the id of a notification.`);
}

/** What a webhook's body says, in this order. The same at each attempt. */
export function webhookBody(notification: {
  readonly type: string;
  readonly createdAt: Date;
  readonly data: object;
}): string {
  const { type, createdAt, data } = notification;
  return JSON.stringify({ type, timestamp: createdAt.toISOString(), data });
}
