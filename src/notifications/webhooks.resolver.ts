import { Arg, Ctx, FieldResolver, ID, Mutation, Resolver, Root } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { InputArg } from '../graphql/input.js';
import {
  DeleteWebhookEndpointInput,
  RotateWebhookSecretInput,
  SendTestWebhookInput,
  ReplayWebhookDeliveryInput,
  ReplayFailedWebhookDeliveriesInput,
} from './webhooks.input.js';
import {
  CreateWebhookEndpointPayload,
  UpdateWebhookEndpointPayload,
  DeleteWebhookEndpointPayload,
  RotateWebhookSecretPayload,
  SendTestWebhookPayload,
  ReplayWebhookDeliveryPayload,
  ReplayFailedWebhookDeliveriesPayload,
} from './webhooks.payload.js';
import { AccountType } from '../graphql/account.type.js';
import { accountOf, type GraphQLContext, mayOn } from '../graphql/context.js';
import { listCost, LOOKUP_COST } from '../graphql/cost.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { present, renamed } from '../graphql/input.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import { DELIVERY_STATES, type DeliveryState } from './delivery.js';
import { WebhookDeliveryConnectionType, toWebhookDelivery } from './delivery.type.js';
import {
  CreateWebhookEndpointInput,
  UpdateWebhookEndpointInput,
  WebhookEndpointType,
} from './webhook-endpoint.type.js';
import type { WebhookEndpointsService } from './webhook-endpoints.service.js';

const ID_ARG = { description: 'ID of the endpoint, prefixed with `whe_`.' };

@Resolver(() => AccountType)
export class WebhooksResolver {
  constructor(private readonly webhooks: WebhookEndpointsService) {}

  /** For `node(id)`: deliveries of accounts whose webhooks the caller may see. */
  readonly findNode: FindNode = async (id, context) => {
    const delivery = await this.webhooks.findAnyDelivery(id);
    const isTheirs = delivery !== undefined && mayOn(context, delivery.accountId, 'admin');
    return isTheirs ? toWebhookDelivery(delivery) : null;
  };

  @FieldResolver(() => [WebhookEndpointType], {
    nullable: true,
    complexity: ({ childComplexity }) => 10 + childComplexity,
    description: 'Webhook endpoints of the account, oldest first.',
  })
  @Access({ scope: 'admin' })
  webhookEndpoints(@Root() { id }: AccountType): Promise<readonly WebhookEndpointType[]> {
    return this.webhooks.list(id);
  }

  @FieldResolver(() => WebhookDeliveryConnectionType, {
    nullable: true,
    complexity: listCost(1),
    description: 'Webhook deliveries to an endpoint, newest first.',
  })
  @Access({ scope: 'admin' })
  async webhookDeliveries(
    @Arg('endpointId', () => ID, ID_ARG) endpointId: string,
    @Arg('state', () => DELIVERY_STATES, {
      nullable: true,
      description: 'State to filter by; omit for all states.',
    })
    state: DeliveryState | null,
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
    @Root() { id }: AccountType,
  ): Promise<WebhookDeliveryConnectionType> {
    const size = checkPageSize(first);
    const rows = await this.webhooks.deliveries(id, {
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

  @Mutation(() => CreateWebhookEndpointPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Creates a webhook endpoint and returns its signing secret, which cannot be retrieved later.',
  })
  @Access({ scope: 'admin' })
  async createWebhookEndpoint(
    @InputArg(() => CreateWebhookEndpointInput)
    input: CreateWebhookEndpointInput,
    @Ctx() context: GraphQLContext,
  ): Promise<CreateWebhookEndpointPayload> {
    const { endpoint, secret } = await this.webhooks.create(
      context.actor,
      accountOf(context),
      input,
    );
    return { webhookEndpoint: endpoint, secret };
  }

  @Mutation(() => UpdateWebhookEndpointPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Updates, disables or enables a webhook endpoint.',
  })
  @Access({ scope: 'admin' })
  async updateWebhookEndpoint(
    @InputArg(() => UpdateWebhookEndpointInput) { id, ...input }: UpdateWebhookEndpointInput,
    @Ctx() context: GraphQLContext,
  ): Promise<UpdateWebhookEndpointPayload> {
    const changes = renamed(present(input), { isEnabled: 'enabled' });
    return {
      webhookEndpoint: await this.webhooks.update(context.actor, accountOf(context), id, changes),
    };
  }

  @Mutation(() => DeleteWebhookEndpointPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Deletes a webhook endpoint and its delivery log.',
  })
  @Access({ scope: 'admin' })
  async deleteWebhookEndpoint(
    @InputArg(() => DeleteWebhookEndpointInput) { id }: DeleteWebhookEndpointInput,
    @Ctx() context: GraphQLContext,
  ): Promise<DeleteWebhookEndpointPayload> {
    await this.webhooks.delete(context.actor, accountOf(context), id);
    return { deletedWebhookEndpointId: id };
  }

  @Mutation(() => RotateWebhookSecretPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Replaces the signing secret of an endpoint. The previous secret also signs webhooks for another `graceHours`.',
  })
  @Access({ scope: 'admin' })
  async rotateWebhookSecret(
    @InputArg(() => RotateWebhookSecretInput) { id, graceHours }: RotateWebhookSecretInput,
    @Ctx() context: GraphQLContext,
  ): Promise<RotateWebhookSecretPayload> {
    const { actor } = context;
    const rotated = await this.webhooks.rotateSecret(actor, accountOf(context), id, graceHours);
    return { webhookEndpoint: rotated.endpoint, secret: rotated.secret };
  }

  @Mutation(() => SendTestWebhookPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Sends a "webhook.test" event to an endpoint.',
  })
  @Access({ scope: 'admin' })
  async sendTestWebhook(
    @InputArg(() => SendTestWebhookInput) { id }: SendTestWebhookInput,
    @Ctx() context: GraphQLContext,
  ): Promise<SendTestWebhookPayload> {
    return { webhookEndpoint: await this.webhooks.sendTest(context.actor, accountOf(context), id) };
  }

  @Mutation(() => ReplayWebhookDeliveryPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Sends a webhook again, with the same `webhook-id`.',
  })
  @Access({ scope: 'admin' })
  async replayWebhookDelivery(
    @InputArg(() => ReplayWebhookDeliveryInput) { id }: ReplayWebhookDeliveryInput,
    @Ctx() context: GraphQLContext,
  ): Promise<ReplayWebhookDeliveryPayload> {
    return {
      webhookDelivery: toWebhookDelivery(
        await this.webhooks.replay(context.actor, accountOf(context), id),
      ),
    };
  }

  @Mutation(() => ReplayFailedWebhookDeliveriesPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Sends all dead-lettered webhooks of an endpoint again.',
  })
  @Access({ scope: 'admin' })
  async replayFailedWebhookDeliveries(
    @InputArg(() => ReplayFailedWebhookDeliveriesInput)
    { endpointId, since }: ReplayFailedWebhookDeliveriesInput,
    @Ctx() context: GraphQLContext,
  ): Promise<ReplayFailedWebhookDeliveriesPayload> {
    const { actor } = context;
    const accountId = accountOf(context);
    return { count: await this.webhooks.replayFailed(actor, accountId, endpointId, since) };
  }
}
