import { Arg, Ctx, Float, GraphQLISODateTime, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { accountOf, type GraphQLContext } from '../graphql/context.js';
import { listCost, LOOKUP_COST } from '../graphql/cost.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { present } from '../graphql/input.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import { DELIVERY_STATES, type DeliveryState } from './delivery.js';
import {
  WebhookDeliveryConnectionType,
  WebhookDeliveryType,
  toWebhookDelivery,
  WebhookReplayType,
} from './delivery.type.js';
import {
  CreatedWebhookEndpointType,
  CreateWebhookEndpointInput,
  UpdateWebhookEndpointInput,
  WebhookEndpointType,
} from './webhook-endpoint.type.js';
import type { WebhookEndpointsService } from './webhook-endpoints.service.js';

const ID_ARG = { description: 'The endpoint.' };

@Resolver()
export class WebhooksResolver {
  constructor(private readonly webhooks: WebhookEndpointsService) {}

  /** For `node(id)`: deliveries to the caller's own endpoints. */
  readonly findNode: FindNode = async (id, { actor: { accountId, scopes } }) => {
    if (accountId === undefined || !scopes.has('admin')) return null;
    const delivery = await this.webhooks.findDelivery(accountId, id);
    return delivery === undefined ? null : toWebhookDelivery(delivery);
  };

  @Query(() => [WebhookEndpointType], {
    complexity: ({ childComplexity }) => 10 + childComplexity,
    description: 'The account’s webhook endpoints, oldest first.',
  })
  @Access({ scope: 'admin' })
  webhookEndpoints(@Ctx() context: GraphQLContext): Promise<readonly WebhookEndpointType[]> {
    return this.webhooks.list(accountOf(context));
  }

  @Query(() => WebhookDeliveryConnectionType, {
    complexity: listCost(1),
    description: 'What was sent to an endpoint, newest first.',
  })
  @Access({ scope: 'admin' })
  async webhookDeliveries(
    @Arg('endpointId', () => ID, ID_ARG) endpointId: string,
    @Arg('state', () => DELIVERY_STATES, { nullable: true, description: 'Only these.' })
    state: DeliveryState | null,
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
    @Ctx() context: GraphQLContext,
  ): Promise<WebhookDeliveryConnectionType> {
    const size = checkPageSize(first);
    const rows = await this.webhooks.deliveries(accountOf(context), {
      endpointId,
      state: state ?? undefined,
      first: size + 1,
      after: after ?? undefined,
    });
    const edges = rows
      .slice(0, size)
      .map((row) => ({ cursor: row.id, node: toWebhookDelivery(row) }));
    return connectionOf(edges, { hasNextPage: rows.length > size, after });
  }

  @Mutation(() => CreatedWebhookEndpointType, {
    complexity: LOOKUP_COST,
    description: 'Makes a webhook endpoint. Its secret is in the answer, and nowhere else.',
  })
  @Access({ scope: 'admin' })
  async createWebhookEndpoint(
    @Arg('input', () => CreateWebhookEndpointInput, { description: 'The endpoint.' })
    input: CreateWebhookEndpointInput,
    @Ctx() context: GraphQLContext,
  ): Promise<CreatedWebhookEndpointType> {
    const { endpoint, secret } = await this.webhooks.create(
      context.actor,
      accountOf(context),
      input,
    );
    return { endpoint, secret };
  }

  @Mutation(() => WebhookEndpointType, {
    complexity: LOOKUP_COST,
    description: 'Changes an endpoint, or switches it off or on.',
  })
  @Access({ scope: 'admin' })
  async updateWebhookEndpoint(
    @Arg('id', () => ID, ID_ARG) id: string,
    @Arg('input', () => UpdateWebhookEndpointInput, { description: 'The changes.' })
    input: UpdateWebhookEndpointInput,
    @Ctx() context: GraphQLContext,
  ): Promise<WebhookEndpointType> {
    const { actor } = context;
    return await this.webhooks.update(actor, accountOf(context), id, present(input));
  }

  @Mutation(() => WebhookEndpointType, {
    complexity: LOOKUP_COST,
    description: 'Deletes an endpoint and the log of its deliveries. Answers what it was.',
  })
  @Access({ scope: 'admin' })
  async deleteWebhookEndpoint(
    @Arg('id', () => ID, ID_ARG) id: string,
    @Ctx() context: GraphQLContext,
  ): Promise<WebhookEndpointType> {
    return await this.webhooks.delete(context.actor, accountOf(context), id);
  }

  @Mutation(() => CreatedWebhookEndpointType, {
    complexity: LOOKUP_COST,
    description: 'Gives an endpoint a new secret; for a while the old one signs too.',
  })
  @Access({ scope: 'admin' })
  async rotateWebhookSecret(
    @Arg('id', () => ID, ID_ARG) id: string,
    @Arg('graceHours', () => Float, {
      defaultValue: 24,
      description: 'How long the old one signs too, 0 to 720 hours.',
    })
    graceHours: number,
    @Ctx() context: GraphQLContext,
  ): Promise<CreatedWebhookEndpointType> {
    const { actor } = context;
    const rotated = await this.webhooks.rotateSecret(actor, accountOf(context), id, graceHours);
    return { endpoint: rotated.endpoint, secret: rotated.secret };
  }

  @Mutation(() => WebhookEndpointType, {
    complexity: LOOKUP_COST,
    description: 'Sends a webhook of the type "webhook.test" to an endpoint.',
  })
  @Access({ scope: 'admin' })
  async sendTestWebhook(
    @Arg('id', () => ID, ID_ARG) id: string,
    @Ctx() context: GraphQLContext,
  ): Promise<WebhookEndpointType> {
    return await this.webhooks.sendTest(context.actor, accountOf(context), id);
  }

  @Mutation(() => WebhookDeliveryType, {
    complexity: LOOKUP_COST,
    description: 'Sends a webhook again, under the same `webhook-id`.',
  })
  @Access({ scope: 'admin' })
  async replayWebhookDelivery(
    @Arg('id', () => ID, { description: 'The delivery.' }) id: string,
    @Ctx() context: GraphQLContext,
  ): Promise<WebhookDeliveryType> {
    return toWebhookDelivery(await this.webhooks.replay(context.actor, accountOf(context), id));
  }

  @Mutation(() => WebhookReplayType, {
    complexity: LOOKUP_COST,
    description: 'Sends again all that was given up for an endpoint.',
  })
  @Access({ scope: 'admin' })
  async replayFailedWebhookDeliveries(
    @Arg('endpointId', () => ID, ID_ARG) endpointId: string,
    @Arg('since', () => GraphQLISODateTime, { description: 'Only what was made since then.' })
    since: Date,
    @Ctx() context: GraphQLContext,
  ): Promise<WebhookReplayType> {
    const { actor } = context;
    const accountId = accountOf(context);
    return { count: await this.webhooks.replayFailed(actor, accountId, endpointId, since) };
  }
}
