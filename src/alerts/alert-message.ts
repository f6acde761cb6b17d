import type { NotificationType } from '../notifications/index.js';
import { type AlertKind, SHARE_UNIT } from './alert-rule.js';
import type { AlertTurn } from './alert-turn.js';

const TYPES: Readonly<Record<AlertKind, NotificationType>> = {
  LOW_BALANCE: 'balance.low',
  SPEND: 'spend.over_budget',
  ERROR_RATE: 'errors.high',
  KEY_NEAR_CAP: 'key.near_cap',
};

/** How people are told that a rule has fired. */
export interface AlertMessage {
  readonly type: NotificationType;
  /** For webhooks: money in nano-USD as decimal strings, shares from 0 to 1. */
  readonly data: object;
  readonly subject: string;
  readonly text: string;
}

export function messageOf(kind: AlertKind, turn: AlertTurn): AlertMessage {
  const { subject, text, data } = describe(kind, turn);
  const { ruleId, crossings } = turn;
  const footer = [
    '',
    'You get this mail once each time the threshold is crossed. `alerts` shows the rule; `updateAlertRule` changes it.',
  ];
  return {
    type: TYPES[kind],
    data: { ruleId, crossing: crossings, ...data },
    subject,
    text: [...text, ...footer].join('\n'),
  };
}

function describe(kind: AlertKind, turn: AlertTurn) {
  const { value, thresholdNanos, thresholdShare, period, windowMinutes, keyId, keyName } = turn;
  const share = Number(value) / SHARE_UNIT;
  const limit = thresholdNanos ?? 0n;
  const nanos = { thresholdNanos: String(limit) };
  switch (kind) {
    case 'LOW_BALANCE':
      return {
        subject: `Your credit is below ${dollars(limit)}`,
        text: [`Your account has ${dollars(value)} left. Calls that cost more are rejected.`],
        data: { ...nanos, balanceNanos: String(value) },
      };
    case 'SPEND': {
      const when = period === 'DAY' ? 'today' : 'this month';
      return {
        subject: `More than ${dollars(limit)} spent ${when}`,
        text: [`Your account has spent ${dollars(value)} ${when} (UTC).`],
        data: { ...nanos, period, spentNanos: String(value) },
      };
    }
    case 'ERROR_RATE':
      return {
        subject: `${percent(share)} of your calls are failing`,
        text: [
          `${percent(share)} of your calls in the last ${String(windowMinutes)} minutes failed.`,
        ],
        data: { thresholdShare, windowMinutes, share },
      };
    case 'KEY_NEAR_CAP':
      return {
        subject: `The key “${keyName ?? ''}” has used ${percent(share)} of its spend cap`,
        text: ['Calls are rejected once the cap is reached. `updateApiKey` changes it.'],
        data: { thresholdShare, keyId, share },
      };
  }
}

function dollars(nanos: bigint): string {
  const sign = nanos < 0n ? '−' : '';
  const cents = (nanos < 0n ? -nanos : nanos) / 10_000_000n;
  return `${sign}$${String(cents / 100n)}.${String(cents % 100n).padStart(2, '0')}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}
