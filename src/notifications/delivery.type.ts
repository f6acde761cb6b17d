import { Field, GraphQLISODateTime, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { NodeType } from '../graphql/node.type.js';
import { PageInfoType } from '../graphql/pagination.js';
import { type Delivery, DELIVERY_STATES, type DeliveryState } from './delivery.js';
import { NOTIFICATION_TYPES, type NotificationType } from './notification.js';

registerEnumType(DELIVERY_STATES, {
  name: 'DeliveryState',
  description: 'How far a delivery is.',
  valuesConfig: {
    WAITING: { description: 'It is tried at `nextAttemptAt`, or being tried.' },
    DELIVERED: { description: 'The receiver answered with 2xx.' },
    DEAD: { description: 'Given up. It can be replayed.' },
  },
});

@ObjectType('WebhookDelivery', {
  implements: NodeType,
  description: 'A webhook on its way to an endpoint.',
})
export class WebhookDeliveryType extends NodeType {
  override readonly id!: string;

  @Field(() => String, { description: 'What receivers see as `webhook-id`, at each attempt.' })
  readonly webhookId!: string;

  @Field(() => NOTIFICATION_TYPES, { description: 'What it tells.' })
  readonly type!: NotificationType;

  @Field(() => ID, { description: 'Where it goes.' })
  readonly endpointId!: string;

  @Field(() => DELIVERY_STATES, { description: 'How far it is.' })
  readonly state!: DeliveryState;

  @Field(() => Int, { description: 'Attempts begun, since it was last replayed.' })
  readonly attempts!: number;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Of the next attempt; null when there is none.',
  })
  readonly nextAttemptAt!: Date | null;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'Of the last attempt.' })
  readonly attemptedAt!: Date | null;

  @Field(() => Int, {
    nullable: true,
    description: 'HTTP status of the last answer; null when there was none.',
  })
  readonly responseCode!: number | null;

  @Field(() => Int, { nullable: true, description: 'How long the last attempt took.' })
  readonly durationMs!: number | null;

  @Field(() => String, { nullable: true, description: 'Why the last attempt failed.' })
  readonly error!: string | null;

  @Field(() => GraphQLISODateTime, { description: 'When it was made.' })
  readonly createdAt!: Date;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'When it arrived, or was given up.',
  })
  readonly endedAt!: Date | null;
}

export function toWebhookDelivery({ notificationId, ...delivery }: Delivery): WebhookDeliveryType {
  const nextAttemptAt = delivery.state === 'WAITING' ? delivery.nextAttemptAt : null;
  return { ...delivery, webhookId: notificationId, nextAttemptAt };
}

@ObjectType('WebhookDeliveryEdge', { description: 'A delivery in its list.' })
class WebhookDeliveryEdgeType {
  @Field(() => String, { description: 'For the `after` of a page.' })
  readonly cursor!: string;

  @Field(() => WebhookDeliveryType, { description: 'The delivery.' })
  readonly node!: WebhookDeliveryType;
}

@ObjectType('WebhookDeliveryConnection', { description: 'A page of deliveries.' })
export class WebhookDeliveryConnectionType {
  @Field(() => [WebhookDeliveryEdgeType], { description: 'The rows.' })
  readonly edges!: readonly WebhookDeliveryEdgeType[];

  @Field(() => PageInfoType, { description: 'Where the page lies.' })
  readonly pageInfo!: PageInfoType;
}

@ObjectType('WebhookReplay', { description: 'What is sent again.' })
export class WebhookReplayType {
  @Field(() => Int, { description: 'How many deliveries.' })
  readonly count!: number;
}
