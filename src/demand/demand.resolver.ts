import DataLoader from 'dataloader';
import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, FieldResolver, ID, Info, Mutation, Query, Resolver, Root } from 'type-graphql';
import { AcknowledgementType, DONE } from '../accounts/index.js';
import { ModelType } from '../catalog/index.js';
import { Access } from '../graphql/access.js';
import { accountOf, type GraphQLContext } from '../graphql/context.js';
import { listCost, LOOKUP_COST } from '../graphql/cost.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import type { ModelId } from '../platform/ids.js';
import type { Demand } from './demand.js';
import type { DemandService } from './demand.service.js';
import { ModelDemandType, toModelDemand } from './demand.type.js';
import { ModelRequestConnectionType, ModelRequestType } from './model-request.type.js';
import { JoinWaitlistInput, modelOf, RequestModelInput } from './request-model.input.js';
import type { WaitlistService } from './waitlist.service.js';

@Resolver(() => ModelType)
export class ModelDemandResolver {
  private readonly loaders = new WeakMap<object, DataLoader<ModelId, Demand | undefined>>();

  constructor(private readonly demands: DemandService) {}

  @FieldResolver(() => ModelDemandType, {
    complexity: ({ childComplexity }) => 2 + childComplexity,
    description: 'How much it is wanted, and how far it is.',
  })
  async demand(@Root() { id }: ModelType, @Ctx() context: object): Promise<ModelDemandType> {
    const demand = await this.loader(context).load(id as ModelId);
    if (demand === undefined) throw new Error(`Model ${id} is gone.`);
    return toModelDemand(demand);
  }

  /** All models of a request in one statement. */
  private loader(context: object): DataLoader<ModelId, Demand | undefined> {
    let loader = this.loaders.get(context);
    if (loader === undefined) {
      loader = new DataLoader(async (ids) => {
        const found = await this.demands.demand(ids);
        return ids.map((id) => found.get(id));
      });
      this.loaders.set(context, loader);
    }
    return loader;
  }
}

@Resolver(() => ModelRequestType)
export class DemandResolver {
  constructor(
    private readonly demands: DemandService,
    private readonly waitlist: WaitlistService,
    private readonly findModel: FindNode,
  ) {}

  /** For `node(id)`: the caller's own requests. */
  readonly findNode: FindNode = async (id, { actor: { accountId, scopes } }) => {
    if (accountId === undefined || !scopes.has('read')) return null;
    const request = await this.demands.find(accountId, id);
    return request ?? null;
  };

  @Query(() => ModelRequestConnectionType, {
    complexity: listCost(1),
    description: 'The models that the account asks for, newest request first.',
  })
  @Access({ scope: 'read' })
  async modelRequests(
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
    @Ctx() context: GraphQLContext,
  ): Promise<ModelRequestConnectionType> {
    const size = checkPageSize(first);
    const page = { first: size + 1, after: after ?? undefined };
    const requests = await this.demands.list(accountOf(context), page);
    const edges = requests.slice(0, size).map((request) => ({
      cursor: request.id,
      node: request,
    }));
    return connectionOf(edges, { hasNextPage: requests.length > size, after });
  }

  @Mutation(() => ModelRequestType, {
    complexity: LOOKUP_COST,
    description:
      'Asks for a model in the name of the account; asked again, it changes what was said. One request an account and model.',
  })
  @Access({ scope: 'inference' })
  async requestModel(
    @Arg('input', () => RequestModelInput, { description: 'Which, and why.' })
    input: RequestModelInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<ModelRequestType> {
    const { useCase = null, monthlyVolume = null, contactOk } = input;
    const reasons = { useCase, monthlyVolume, contactOk };
    return await this.demands.request(actor, modelOf(input), reasons);
  }

  @Mutation(() => AcknowledgementType, {
    complexity: LOOKUP_COST,
    description: 'Takes a request back. May be repeated.',
  })
  @Access({ scope: 'inference' })
  async withdrawModelRequest(
    @Arg('id', () => ID, { description: '"mreq_…".' }) id: string,
    @Ctx() context: GraphQLContext,
  ): Promise<AcknowledgementType> {
    await this.demands.withdraw(accountOf(context), id);
    return DONE;
  }

  @Mutation(() => AcknowledgementType, {
    complexity: LOOKUP_COST,
    description:
      'Asks for a model without an account: mails a link that confirms the address. Answers alike for every address.',
  })
  @Access({ scope: 'public' })
  async joinWaitlist(
    @Arg('input', () => JoinWaitlistInput, { description: 'Which, and whom to tell.' })
    { email, useCase = null, ...model }: JoinWaitlistInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<AcknowledgementType> {
    await this.waitlist.join(actor.ipAddress, { email, model: modelOf(model), useCase });
    return DONE;
  }

  @Mutation(() => AcknowledgementType, {
    complexity: LOOKUP_COST,
    description: 'Confirms the address: the request counts from now on. May be repeated.',
  })
  @Access({ scope: 'public' })
  async confirmWaitlist(
    @Arg('token', () => String, { description: 'From the mail.' }) token: string,
  ): Promise<AcknowledgementType> {
    await this.waitlist.confirm(token);
    return DONE;
  }

  @Mutation(() => AcknowledgementType, {
    complexity: LOOKUP_COST,
    description: 'Takes back what was asked for without an account. May be repeated.',
  })
  @Access({ scope: 'public' })
  async leaveWaitlist(
    @Arg('token', () => String, { description: 'From the mail.' }) token: string,
  ): Promise<AcknowledgementType> {
    await this.waitlist.leave(token);
    return DONE;
  }

  @FieldResolver(() => ModelType, {
    complexity: LOOKUP_COST,
    description: 'What is asked for.',
  })
  model(
    @Root() { modelId }: ModelRequestType,
    @Ctx() context: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): ReturnType<FindNode> {
    return this.findModel(modelId, context, info);
  }
}
