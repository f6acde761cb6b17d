import { Field, Float, GraphQLISODateTime, ID, InputType } from 'type-graphql';
import { AccountInput } from '../graphql/input.js';

@InputType('DeleteWebhookEndpointInput', { description: 'Input for `deleteWebhookEndpoint`.' })
export class DeleteWebhookEndpointInput extends AccountInput {
  @Field(() => ID, { description: 'ID of the endpoint, prefixed with `whe_`.' })
  readonly id!: string;
}

@InputType('RotateWebhookSecretInput', { description: 'Input for `rotateWebhookSecret`.' })
export class RotateWebhookSecretInput extends AccountInput {
  @Field(() => ID, { description: 'ID of the endpoint, prefixed with `whe_`.' })
  readonly id!: string;

  @Field(() => Float, {
    defaultValue: 24,
    description: 'Hours for which the previous secret also signs webhooks, 0 to 720.',
  })
  readonly graceHours!: number;
}

@InputType('SendTestWebhookInput', { description: 'Input for `sendTestWebhook`.' })
export class SendTestWebhookInput extends AccountInput {
  @Field(() => ID, { description: 'ID of the endpoint, prefixed with `whe_`.' })
  readonly id!: string;
}

@InputType('ReplayWebhookDeliveryInput', { description: 'Input for `replayWebhookDelivery`.' })
export class ReplayWebhookDeliveryInput extends AccountInput {
  @Field(() => ID, { description: 'ID of the delivery, prefixed with `dlv_`.' })
  readonly id!: string;
}

@InputType('ReplayFailedWebhookDeliveriesInput', {
  description: 'Input for `replayFailedWebhookDeliveries`.',
})
export class ReplayFailedWebhookDeliveriesInput extends AccountInput {
  @Field(() => ID, { description: 'ID of the endpoint, prefixed with `whe_`.' })
  readonly endpointId!: string;

  @Field(() => GraphQLISODateTime, {
    description: 'Earliest creation time of the deliveries to replay.',
  })
  readonly since!: Date;
}
