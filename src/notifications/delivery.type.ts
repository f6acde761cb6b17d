import { Field, GraphQLISODateTime, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { NodeType } from '../graphql/node.type.js';
import { PageInfoType } from '../graphql/pagination.js';
import { type Delivery, DELIVERY_STATES, type DeliveryState } from './delivery.js';
import { NOTIFICATION_TYPES, type NotificationType } from './notification.js';

registerEnumType(DELIVERY_STATES, {
  name: 'DeliveryState',
  description: 'State of a webhook delivery.',
  valuesConfig: {
    WAITING: { description: 'Waiting for the next attempt, or being attempted.' },
    DELIVERED: { description: 'Delivered; the endpoint responded with a 2xx status.' },
    DEAD: { description: 'Dead-lettered after the last retry. Can be replayed.' },
  },
});

@ObjectType('WebhookDelivery', {
  implements: NodeType,
  description: 'Delivery of a webhook to an endpoint.',
})
export class WebhookDeliveryType extends NodeType {
  override readonly id!: string;

  @Field(() => String, {
    description: 'Value of the `webhook-id` header, the same on every attempt.',
  })
  readonly webhookId!: string;

  @Field(() => NOTIFICATION_TYPES, { description: 'Type of the event.' })
  readonly type!: NotificationType;

  @Field(() => ID, { description: 'ID of the endpoint, prefixed with `whe_`.' })
  readonly endpointId!: string;

  @Field(() => DELIVERY_STATES, { description: 'State of the delivery.' })
  readonly state!: DeliveryState;

  @Field(() => Int, {
    description: 'Number of attempts since the delivery was created or last replayed.',
  })
  readonly attempts!: number;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Time of the next attempt; null if there is none.',
  })
  readonly nextAttemptAt!: Date | null;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Time of the last attempt; null before the first.',
  })
  readonly attemptedAt!: Date | null;

  @Field(() => Int, {
    nullable: true,
    description: 'HTTP status of the last response; null if there was none.',
  })
  readonly responseCode!: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Duration of the last attempt, in milliseconds; null before the first.',
  })
  readonly durationMs!: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'Error of the last attempt; null if it succeeded.',
  })
  readonly error!: string | null;

  @Field(() => GraphQLISODateTime, { description: 'Time at which the delivery was created.' })
  readonly createdAt!: Date;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Time at which the webhook was delivered or dead-lettered; null while waiting.',
  })
  readonly endedAt!: Date | null;
}

export function toWebhookDelivery({ notificationId, ...delivery }: Delivery): WebhookDeliveryType {
  const nextAttemptAt = delivery.state === 'WAITING' ? delivery.nextAttemptAt : null;
  return { ...delivery, webhookId: notificationId, nextAttemptAt };
}

@ObjectType('WebhookDeliveryEdge', { description: 'An edge in a list of webhook deliveries.' })
class WebhookDeliveryEdgeType {
  @Field(() => String, { description: 'Opaque cursor; pass as `after` for the next page.' })
  readonly cursor!: string;

  @Field(() => WebhookDeliveryType, { description: 'The webhook delivery at the end of the edge.' })
  readonly node!: WebhookDeliveryType;
}

@ObjectType('WebhookDeliveryConnection', { description: 'A page of webhook deliveries.' })
export class WebhookDeliveryConnectionType {
  @Field(() => [WebhookDeliveryEdgeType], { description: 'Deliveries on this page.' })
  readonly edges!: readonly WebhookDeliveryEdgeType[];

  @Field(() => [WebhookDeliveryType], { description: 'Nodes of the edges, in order.' })
  readonly nodes!: readonly WebhookDeliveryType[];

  @Field(() => PageInfoType, { description: 'Pagination information for this page.' })
  readonly pageInfo!: PageInfoType;
}
