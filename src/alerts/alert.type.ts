import { AccountInput } from '../graphql/input.js';
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
  description: 'Condition that an alert watches.',
  valuesConfig: {
    LOW_BALANCE: {
      description: 'Balance below `thresholdNanos`. Re-arms once the balance is 10% above it.',
    },
    SPEND: {
      description:
        'More than `thresholdNanos` spent in one `period`. Re-arms when the next period starts.',
    },
    ERROR_RATE: {
      description:
        'At least `thresholdShare` of calls failed within `windowMinutes`, given `callsMin` calls or more. Re-arms below 80% of the threshold.',
    },
    KEY_NEAR_CAP: {
      description:
        'An API key has spent `thresholdShare` of its cap. Re-arms when the next cap period starts.',
    },
  },
});

registerEnumType(BUDGET_PERIODS, {
  name: 'BudgetPeriod',
  description: 'Period of a spend budget.',
  valuesConfig: {
    DAY: { description: 'Calendar day, from midnight UTC.' },
    MONTH: { description: 'Calendar month, from the first at midnight UTC.' },
  },
});

@ObjectType('AlertState', {
  description: 'Current state of an alert rule, for the account or for one API key.',
})
export class AlertStateType {
  @Field(() => ID, {
    nullable: true,
    description: 'ID of the watched API key; null if the rule watches the account.',
  })
  readonly keyId!: string | null;

  @Field(() => Boolean, {
    name: 'isArmed',
    description: 'Whether crossing the threshold sends an alert.',
  })
  readonly armed!: boolean;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Time at which the alert last fired; null while armed.',
  })
  readonly firedAt!: Date | null;

  @Field(() => Int, { description: 'Number of times that the alert has fired.' })
  readonly crossings!: number;

  @Field(() => NanoUSD, {
    nullable: true,
    description:
      'Current balance for LOW_BALANCE rules; spend as of the last minute for SPEND rules. Null for other kinds.',
  })
  readonly valueNanos!: bigint | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'Current share, 0 to 1, for ERROR_RATE and KEY_NEAR_CAP rules. Null for other kinds.',
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

@ObjectType('AlertRule', { description: 'A condition on which an account receives an alert.' })
export class AlertRuleType {
  @Field(() => ID, { description: 'ID of the rule, prefixed with `alr_`.' })
  readonly id!: string;

  @Field(() => ALERT_KINDS, { description: 'Condition that the rule watches.' })
  readonly kind!: AlertKind;

  @Field(() => Boolean, { name: 'isEnabled', description: 'Whether the rule is enabled.' })
  readonly enabled!: boolean;

  @Field(() => NanoUSD, {
    nullable: true,
    description: 'Balance or budget threshold; set only for LOW_BALANCE and SPEND rules.',
  })
  readonly thresholdNanos!: bigint | null;

  @Field(() => BUDGET_PERIODS, {
    nullable: true,
    description: 'Budget period; set only for SPEND rules.',
  })
  readonly period!: BudgetPeriod | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Threshold above 0, up to 1; set only for ERROR_RATE and KEY_NEAR_CAP rules.',
  })
  readonly thresholdShare!: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Length of the observed window, in minutes; set only for ERROR_RATE rules.',
  })
  readonly windowMinutes!: number | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'Minimum number of calls in the window for the rule to fire; set only for ERROR_RATE rules.',
  })
  readonly callsMin!: number | null;

  @Field(() => ID, {
    nullable: true,
    description:
      'ID of the API key that a KEY_NEAR_CAP rule watches; null means every key with a cap.',
  })
  readonly keyId!: string | null;

  @Field(() => Boolean, {
    name: 'isMailEnabled',
    description: 'Whether owners, admins and billing members receive an email.',
  })
  readonly byMail!: boolean;

  @Field(() => Boolean, {
    name: 'isWebhookEnabled',
    description: 'Whether webhook endpoints subscribed to the event type receive a webhook.',
  })
  readonly byWebhook!: boolean;

  @Field(() => GraphQLISODateTime, { description: 'Time at which the rule was created.' })
  readonly createdAt!: Date;
}

@ObjectType('Alert', { description: 'An alert rule and its current state.' })
export class AlertType {
  @Field(() => AlertRuleType, { description: 'The alert rule.' })
  readonly rule!: AlertRuleType;

  @Field(() => [AlertStateType], {
    description: 'One state, or one per watched key; empty while disabled.',
  })
  readonly states!: readonly AlertStateType[];
}

/** What is set when a rule is made, and can be changed. */
@InputType()
abstract class AlertRuleSettings extends AccountInput {
  @Field(() => Boolean, { nullable: true, description: 'Whether the rule is enabled.' })
  isEnabled?: boolean;

  @Field(() => NanoUSD, {
    nullable: true,
    description: 'For LOW_BALANCE and SPEND rules: threshold, above 0.',
  })
  thresholdNanos?: bigint;

  @Field(() => BUDGET_PERIODS, { nullable: true, description: 'For SPEND rules: budget period.' })
  period?: BudgetPeriod;

  @Field(() => Float, {
    nullable: true,
    description: 'For ERROR_RATE and KEY_NEAR_CAP rules: threshold, above 0 and up to 1.',
  })
  thresholdShare?: number;

  @Field(() => Int, {
    nullable: true,
    description:
      'For ERROR_RATE rules: length of the observed window, 1 to 1,440 minutes; 60 by default.',
  })
  windowMinutes?: number;

  @Field(() => Int, {
    nullable: true,
    description:
      'For ERROR_RATE rules: minimum number of calls in the window, 1 to 1,000,000; 20 by default.',
  })
  callsMin?: number;

  @Field(() => ID, {
    nullable: true,
    description:
      'For KEY_NEAR_CAP rules: ID of the API key to watch; omit to watch every key with a cap.',
  })
  keyId?: string;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether to send an email to owners, admins and billing members.',
  })
  isMailEnabled?: boolean;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether to send webhooks to subscribed endpoints.',
  })
  isWebhookEnabled?: boolean;
}

@InputType('UpdateAlertRuleInput', {
  description: 'Changes to an alert rule. Omitted fields keep their values.',
})
export class UpdateAlertRuleInput extends AlertRuleSettings {
  @Field(() => ID, { description: 'ID of the rule, prefixed with `alr_`.' })
  readonly id!: string;
}

@InputType('CreateAlertRuleInput', { description: 'Settings of a new alert rule.' })
export class CreateAlertRuleInput extends AlertRuleSettings {
  @Field(() => ALERT_KINDS, { description: 'Condition that the rule watches.' })
  kind!: AlertKind;
}
