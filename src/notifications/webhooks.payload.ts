import { Field, ID, Int, ObjectType } from 'type-graphql';
import { AccountPayloadType } from '../graphql/payload.type.js';
import { WebhookDeliveryType } from './delivery.type.js';
import { WebhookEndpointType } from './webhook-endpoint.type.js';

@ObjectType('CreateWebhookEndpointPayload', { description: 'Result of `createWebhookEndpoint`.' })
export class CreateWebhookEndpointPayload extends AccountPayloadType {
  @Field(() => WebhookEndpointType, { nullable: true, description: 'The new webhook endpoint.' })
  readonly webhookEndpoint?: WebhookEndpointType;

  @Field(() => String, {
    nullable: true,
    description: 'Signing secret of the endpoint; shown only once.',
  })
  readonly secret?: string;
}

@ObjectType('UpdateWebhookEndpointPayload', { description: 'Result of `updateWebhookEndpoint`.' })
export class UpdateWebhookEndpointPayload extends AccountPayloadType {
  @Field(() => WebhookEndpointType, {
    nullable: true,
    description: 'The updated webhook endpoint.',
  })
  readonly webhookEndpoint?: WebhookEndpointType;
}

@ObjectType('DeleteWebhookEndpointPayload', { description: 'Result of `deleteWebhookEndpoint`.' })
export class DeleteWebhookEndpointPayload extends AccountPayloadType {
  @Field(() => ID, { nullable: true, description: 'ID of the deleted webhook endpoint.' })
  readonly deletedWebhookEndpointId?: string;
}

@ObjectType('RotateWebhookSecretPayload', { description: 'Result of `rotateWebhookSecret`.' })
export class RotateWebhookSecretPayload extends AccountPayloadType {
  @Field(() => WebhookEndpointType, {
    nullable: true,
    description: 'The webhook endpoint with the new secret.',
  })
  readonly webhookEndpoint?: WebhookEndpointType;

  @Field(() => String, {
    nullable: true,
    description: 'New signing secret of the endpoint; shown only once.',
  })
  readonly secret?: string;
}

@ObjectType('SendTestWebhookPayload', { description: 'Result of `sendTestWebhook`.' })
export class SendTestWebhookPayload extends AccountPayloadType {
  @Field(() => WebhookEndpointType, {
    nullable: true,
    description: 'The endpoint to which the test event is sent.',
  })
  readonly webhookEndpoint?: WebhookEndpointType;
}

@ObjectType('ReplayWebhookDeliveryPayload', { description: 'Result of `replayWebhookDelivery`.' })
export class ReplayWebhookDeliveryPayload extends AccountPayloadType {
  @Field(() => WebhookDeliveryType, {
    nullable: true,
    description: 'The replayed webhook delivery.',
  })
  readonly webhookDelivery?: WebhookDeliveryType;
}

@ObjectType('ReplayFailedWebhookDeliveriesPayload', {
  description: 'Result of `replayFailedWebhookDeliveries`.',
})
export class ReplayFailedWebhookDeliveriesPayload extends AccountPayloadType {
  @Field(() => Int, { nullable: true, description: 'Number of replayed deliveries.' })
  readonly count?: number;
}
