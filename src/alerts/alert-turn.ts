import type { AccountId, AlertRuleId, KeyId } from '../platform/ids.js';

/** What is to be done about a rule: it fires, or is armed again. */
export interface AlertTurn {
  readonly ruleId: AlertRuleId;
  /** What the rule's state is of: the lineage of a key (id of its first key), or empty. */
  readonly subject: string;
  /** Newest live key of the lineage. */
  readonly keyId: KeyId | null;
  readonly accountId: AccountId;
  readonly fires: boolean;
  /** Of this firing, or of the last one. */
  readonly crossings: number;
  /** Nano-USD, or a share in billionths. */
  readonly value: bigint;
  readonly thresholdNanos: bigint | null;
  readonly thresholdShare: number | null;
  readonly period: string | null;
  readonly windowMinutes: number | null;
  readonly byMail: boolean;
  readonly byWebhook: boolean;
  /** Name of the key that it is about. */
  readonly keyName: string | null;
}
