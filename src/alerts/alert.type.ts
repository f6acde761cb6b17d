import {
  Field,
  Float,
  GraphQLISODateTime,
  ID,
  InputType,
  Int,
  ObjectType,
  registerEnumType,
} from 'type-graphql';
import { NanoUSD } from '../graphql/scalars.js';
import {
  ALERT_KINDS,
  type AlertKind,
  type AlertState,
  BUDGET_PERIODS,
  type BudgetPeriod,
  SHARE_UNIT,
} from './alert-rule.js';

registerEnumType(ALERT_KINDS, {
  name: 'AlertKind',
  description: 'What an alert watches.',
  valuesConfig: {
    LOW_BALANCE: {
      description: 'The credit is below `thresholdNanos`. Armed again at a tenth above it.',
    },
    SPEND: {
      description:
        'More than `thresholdNanos` was spent in a `period`. Armed again by the next one.',
    },
    ERROR_RATE: {
      description:
        'Of `callsMin` calls or more in `windowMinutes`, `thresholdShare` failed. Armed again below four fifths of it.',
    },
    KEY_NEAR_CAP: {
      description:
        'A key has spent `thresholdShare` of its cap. Armed again by the cap’s next period.',
    },
  },
});

registerEnumType(BUDGET_PERIODS, {
  name: 'BudgetPeriod',
  description: 'What a budget is for.',
  valuesConfig: {
    DAY: { description: 'Each day, from midnight UTC.' },
    MONTH: { description: 'Each month, from the first, midnight UTC.' },
  },
});

@ObjectType('AlertState', { description: 'Where an alert stands.' })
export class AlertStateType {
  @Field(() => ID, { nullable: true, description: 'The key that it is about; null: the account.' })
  readonly keyId!: string | null;

  @Field(() => Boolean, { description: 'Whether it fires at the next crossing.' })
  readonly armed!: boolean;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'Since when it is not armed.' })
  readonly firedAt!: Date | null;

  @Field(() => Int, { description: 'How often it has fired.' })
  readonly crossings!: number;

  @Field(() => NanoUSD, {
    nullable: true,
    description: 'LOW_BALANCE: the credit now. SPEND: what was spent, as of the last minute.',
  })
  readonly valueNanos!: bigint | null;

  @Field(() => Float, {
    nullable: true,
    description: 'ERROR_RATE, KEY_NEAR_CAP: the share now, 0 to 1.',
  })
  readonly valueShare!: number | null;
}

export function toAlertState({ value, ...state }: AlertState, kind: AlertKind): AlertStateType {
  const isMoney = kind === 'LOW_BALANCE' || kind === 'SPEND';
  return {
    ...state,
    armed: state.firedAt === null,
    valueNanos: isMoney ? value : null,
    valueShare: isMoney ? null : Number(value) / SHARE_UNIT,
  };
}

@ObjectType('AlertRule', { description: 'When an account wants to be told.' })
export class AlertRuleType {
  @Field(() => ID, { description: '"alr_…".' })
  readonly id!: string;

  @Field(() => ALERT_KINDS, { description: 'What it watches.' })
  readonly kind!: AlertKind;

  @Field(() => Boolean, { description: 'Whether it does.' })
  readonly enabled!: boolean;

  @Field(() => NanoUSD, { nullable: true, description: 'Of LOW_BALANCE and SPEND.' })
  readonly thresholdNanos!: bigint | null;

  @Field(() => BUDGET_PERIODS, { nullable: true, description: 'Of SPEND.' })
  readonly period!: BudgetPeriod | null;

  @Field(() => Float, { nullable: true, description: 'Of ERROR_RATE and KEY_NEAR_CAP.' })
  readonly thresholdShare!: number | null;

  @Field(() => Int, { nullable: true, description: 'Of ERROR_RATE: what it looks back on.' })
  readonly windowMinutes!: number | null;

  @Field(() => Int, { nullable: true, description: 'Of ERROR_RATE: fewer calls say nothing.' })
  readonly callsMin!: number | null;

  @Field(() => ID, { nullable: true, description: 'Of KEY_NEAR_CAP; null: each key with a cap.' })
  readonly keyId!: string | null;

  @Field(() => Boolean, { description: 'Owners, admins and billing members get a mail.' })
  readonly byMail!: boolean;

  @Field(() => Boolean, { description: 'Webhook endpoints that want its type get it.' })
  readonly byWebhook!: boolean;

  @Field(() => GraphQLISODateTime, { description: 'When it was made.' })
  readonly createdAt!: Date;
}

@ObjectType('Alert', { description: 'A rule and where it stands.' })
export class AlertType {
  @Field(() => AlertRuleType, { description: 'The rule.' })
  readonly rule!: AlertRuleType;

  @Field(() => [AlertStateType], {
    description: 'One, or one for each key that it watches; none while it is off.',
  })
  readonly states!: readonly AlertStateType[];
}

@InputType('UpdateAlertRuleInput', { description: 'What to change; what is left out stays.' })
export class UpdateAlertRuleInput {
  @Field(() => Boolean, { nullable: true, description: 'Whether it watches.' })
  enabled?: boolean;

  @Field(() => NanoUSD, { nullable: true, description: 'LOW_BALANCE, SPEND: above 0.' })
  thresholdNanos?: bigint;

  @Field(() => BUDGET_PERIODS, { nullable: true, description: 'SPEND: what the budget is for.' })
  period?: BudgetPeriod;

  @Field(() => Float, {
    nullable: true,
    description: 'ERROR_RATE, KEY_NEAR_CAP: above 0, up to 1.',
  })
  thresholdShare?: number;

  @Field(() => Int, { nullable: true, description: 'ERROR_RATE: 1 to 1,440; 60 by default.' })
  windowMinutes?: number;

  @Field(() => Int, { nullable: true, description: 'ERROR_RATE: 1 to 1,000,000; 20 by default.' })
  callsMin?: number;

  @Field(() => ID, { nullable: true, description: 'KEY_NEAR_CAP: one key; left out: each.' })
  keyId?: string;

  @Field(() => Boolean, { nullable: true, description: 'Mail those who look after the account.' })
  byMail?: boolean;

  @Field(() => Boolean, { nullable: true, description: 'Send webhooks.' })
  byWebhook?: boolean;
}

@InputType('CreateAlertRuleInput', { description: 'A rule to make.' })
export class CreateAlertRuleInput extends UpdateAlertRuleInput {
  @Field(() => ALERT_KINDS, { description: 'What it watches.' })
  kind!: AlertKind;
}
