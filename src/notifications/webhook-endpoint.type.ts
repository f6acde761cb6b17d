import {
  Field,
  GraphQLISODateTime,
  ID,
  InputType,
  ObjectType,
  registerEnumType,
} from 'type-graphql';
import { NOTIFICATION_TYPES, type NotificationType } from './notification.js';

registerEnumType(NOTIFICATION_TYPES, {
  name: 'WebhookEvent',
  description: 'What is told. A webhook says it as `type`, as "model.live".',
  valuesConfig: {
    MODEL_EARLY_ACCESS: { description: 'The account may call a model before it is live.' },
    MODEL_LIVE: { description: 'A model that the account asked for can be called.' },
    MODEL_DEGRADED: { description: 'A live model no longer passes its checks.' },
    BALANCE_LOW: { description: 'An alert: the credit fell below a threshold.' },
    SPEND_OVER_BUDGET: { description: 'An alert: more was spent than a budget.' },
    ERRORS_HIGH: { description: 'An alert: too many calls fail.' },
    KEY_NEAR_CAP: { description: 'An alert: a key has used most of its cap.' },
    WEBHOOK_TEST: { description: 'A test, sent by `sendTestWebhook`.' },
    WEBHOOK_DISABLED: { description: 'Another endpoint of the account was switched off.' },
  },
});

@ObjectType('WebhookEndpoint', { description: 'Where an account is told by HTTP.' })
export class WebhookEndpointType {
  @Field(() => ID, { description: '"whe_…".' })
  readonly id!: string;

  @Field(() => String, { description: 'Where webhooks are posted to.' })
  readonly url!: string;

  @Field(() => String, { description: 'What it is for.' })
  readonly description!: string;

  @Field(() => [NOTIFICATION_TYPES], { description: 'What it is told; empty: all.' })
  readonly types!: readonly NotificationType[];

  @Field(() => Boolean, { description: 'Whether anything is sent there.' })
  readonly enabled!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Why the platform switched it off; null when it did not.',
  })
  readonly disabledReason!: string | null;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'First failure since the last success; null while all is well.',
  })
  readonly failingSince!: Date | null;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Until then the secret before this one signs too.',
  })
  readonly previousSecretUntil!: Date | null;

  @Field(() => GraphQLISODateTime, { description: 'When it was made.' })
  readonly createdAt!: Date;
}

@ObjectType('CreatedWebhookEndpoint', { description: 'An endpoint with a new secret.' })
export class CreatedWebhookEndpointType {
  @Field(() => WebhookEndpointType, { description: 'The endpoint.' })
  readonly endpoint!: WebhookEndpointType;

  @Field(() => String, {
    description: 'Verifies the signatures, "whsec_…". Shown here, and never again.',
  })
  readonly secret!: string;
}

@InputType('CreateWebhookEndpointInput', { description: 'An endpoint to make.' })
export class CreateWebhookEndpointInput {
  @Field(() => String, { description: 'An https:// URL on the public internet, 2,048 characters.' })
  url!: string;

  @Field(() => String, { defaultValue: '', description: 'What it is for, 200 characters at most.' })
  description!: string;

  @Field(() => [NOTIFICATION_TYPES], {
    defaultValue: [],
    description: 'What it is told; empty: all.',
  })
  types!: NotificationType[];
}

@InputType('UpdateWebhookEndpointInput', { description: 'What to change; what is left out stays.' })
export class UpdateWebhookEndpointInput {
  @Field(() => String, { nullable: true, description: 'An https:// URL on the public internet.' })
  url?: string;

  @Field(() => String, { nullable: true, description: 'What it is for.' })
  description?: string;

  @Field(() => [NOTIFICATION_TYPES], {
    nullable: true,
    description: 'What it is told; empty: all.',
  })
  types?: NotificationType[];

  @Field(() => Boolean, {
    nullable: true,
    description: 'false: nothing is sent there, and what waits is given up. true: begins anew.',
  })
  enabled?: boolean;
}
