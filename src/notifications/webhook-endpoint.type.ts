import { AccountInput } from '../graphql/input.js';
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
  description: 'Type of a webhook event. Payloads carry it as `type` in the form "model.live".',
  valuesConfig: {
    MODEL_EARLY_ACCESS: { description: 'The account was given early access to a model.' },
    MODEL_LIVE: { description: 'A model that the account requested went live.' },
    MODEL_DEGRADED: { description: 'A live model failed its health checks.' },
    BALANCE_LOW: { description: 'An alert fired: the balance fell below a threshold.' },
    SPEND_OVER_BUDGET: { description: 'An alert fired: spend exceeded a budget.' },
    ERRORS_HIGH: { description: 'An alert fired: the error rate exceeded a threshold.' },
    KEY_NEAR_CAP: { description: 'An alert fired: an API key is close to its spend cap.' },
    WEBHOOK_TEST: { description: 'A test event was sent by `sendTestWebhook`.' },
    WEBHOOK_DISABLED: { description: 'Another endpoint of the account was disabled.' },
  },
});

@ObjectType('WebhookEndpoint', { description: 'A URL that receives webhooks for an account.' })
export class WebhookEndpointType {
  @Field(() => ID, { description: 'ID of the endpoint, prefixed with `whe_`.' })
  readonly id!: string;

  @Field(() => String, { description: 'URL to which webhooks are posted.' })
  readonly url!: string;

  @Field(() => String, { description: 'Description of the endpoint’s purpose.' })
  readonly description!: string;

  @Field(() => [NOTIFICATION_TYPES], { description: 'Event types delivered; empty means all.' })
  readonly types!: readonly NotificationType[];

  @Field(() => Boolean, {
    name: 'isEnabled',
    description: 'Whether webhooks are sent to the endpoint.',
  })
  readonly enabled!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Reason why the platform disabled the endpoint; null if it did not.',
  })
  readonly disabledReason!: string | null;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description:
      'Time of the first failure since the last success; null if the last delivery succeeded.',
  })
  readonly failingSince!: Date | null;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Time until which the previous secret also signs webhooks; null if there is none.',
  })
  readonly previousSecretUntil!: Date | null;

  @Field(() => GraphQLISODateTime, { description: 'Time at which the endpoint was created.' })
  readonly createdAt!: Date;
}

@InputType('CreateWebhookEndpointInput', { description: 'Settings of a new webhook endpoint.' })
export class CreateWebhookEndpointInput extends AccountInput {
  @Field(() => String, { description: 'Public https:// URL, at most 2,048 characters.' })
  url!: string;

  @Field(() => String, {
    defaultValue: '',
    description: 'Description of the endpoint’s purpose, at most 200 characters.',
  })
  description!: string;

  @Field(() => [NOTIFICATION_TYPES], {
    defaultValue: [],
    description: 'Event types to deliver; empty means all.',
  })
  types!: NotificationType[];
}

@InputType('UpdateWebhookEndpointInput', {
  description: 'Changes to a webhook endpoint. Omitted fields keep their values.',
})
export class UpdateWebhookEndpointInput extends AccountInput {
  @Field(() => ID, { description: 'ID of the endpoint, prefixed with `whe_`.' })
  readonly id!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Public https:// URL, at most 2,048 characters.',
  })
  url?: string;

  @Field(() => String, {
    nullable: true,
    description: 'Description of the endpoint’s purpose, at most 200 characters.',
  })
  description?: string;

  @Field(() => [NOTIFICATION_TYPES], {
    nullable: true,
    description: 'Event types to deliver; empty means all.',
  })
  types?: NotificationType[];

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Whether the endpoint is enabled. Disabling it dead-letters pending deliveries; enabling it resets its failures.',
  })
  isEnabled?: boolean;
}
