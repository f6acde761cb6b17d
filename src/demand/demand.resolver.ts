import DataLoader from 'dataloader';
import type { GraphQLResolveInfo } from 'graphql';
import { Ctx, FieldResolver, Info, Mutation, Resolver, Root } from 'type-graphql';
import { ModelType } from '../catalog/index.js';
import { Access } from '../graphql/access.js';
import { InputArg } from '../graphql/input.js';
import {
  WithdrawModelRequestInput,
  ConfirmWaitlistInput,
  LeaveWaitlistInput,
} from './demand.input.js';
import {
  RequestModelPayload,
  WithdrawModelRequestPayload,
  JoinWaitlistPayload,
  ConfirmWaitlistPayload,
  LeaveWaitlistPayload,
} from './demand.payload.js';
import { AccountType } from '../graphql/account.type.js';
import { accountOf, type GraphQLContext, mayOn } from '../graphql/context.js';
import { listCost, LOOKUP_COST } from '../graphql/cost.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import type { ModelId } from '../platform/ids.js';
import { perContext } from '../platform/per-context.js';
import type { Demand } from './demand.js';
import type { DemandService } from './demand.service.js';
import { ModelDemandType, toModelDemand } from './demand.type.js';
import { ModelRequestConnectionType, ModelRequestType } from './model-request.type.js';
import { JoinWaitlistInput, modelOf, RequestModelInput } from './request-model.input.js';
import type { WaitlistService } from './waitlist.service.js';

@Resolver(() => ModelType)
export class ModelDemandResolver {
  /** All models of a request in one statement. */
  private readonly loader: (context: object) => DataLoader<ModelId, Demand | undefined>;

  constructor(demands: DemandService) {
    this.loader = perContext(
      () =>
        new DataLoader<ModelId, Demand | undefined>(
          async (ids) => {
            const found = await demands.demand([...new Set(ids)]);
            return ids.map((id) => found.get(id));
          },
          { cache: false },
        ),
    );
  }

  @FieldResolver(() => ModelDemandType, {
    complexity: ({ childComplexity }) => 2 + childComplexity,
    description: 'Demand for the model and its stage before launch.',
  })
  async demand(@Root() { id }: ModelType, @Ctx() context: object): Promise<ModelDemandType> {
    const demand = await this.loader(context).load(id as ModelId);
    if (demand === undefined) throw new Error(`Model ${id} is gone.`);
    return toModelDemand(demand);
  }
}

@Resolver(() => AccountType)
export class DemandResolver {
  constructor(
    private readonly demands: DemandService,
    private readonly waitlist: WaitlistService,
  ) {}

  /** For `node(id)`: requests of accounts that the caller may read. */
  readonly findNode: FindNode = async (id, context) => {
    const request = await this.demands.findAny(id);
    // Who asked by mail, without an account, sees it nowhere but there.
    if (request?.accountId == null) return null;
    return mayOn(context, request.accountId, 'read') ? request : null;
  };

  @FieldResolver(() => ModelRequestConnectionType, {
    nullable: true,
    complexity: listCost(1),
    description: 'Model requests of the account, newest first.',
  })
  @Access({ scope: 'read' })
  async modelRequests(
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
    @Root() { id }: AccountType,
  ): Promise<ModelRequestConnectionType> {
    const size = checkPageSize(first);
    const page = { first: size + 1, after: after ?? undefined };
    const requests = await this.demands.list(id, page);
    const edges = requests.slice(0, size).map((request) => ({
      cursor: request.id,
      node: request,
    }));
    return connectionOf(edges, { hasNextPage: requests.length > size, after });
  }

  @Mutation(() => RequestModelPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Requests a model on behalf of the account. There is one request per account and model; a repeated call updates it.',
  })
  @Access({ scope: 'inference' })
  async requestModel(
    @InputArg(() => RequestModelInput)
    input: RequestModelInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<RequestModelPayload> {
    const { useCase = null, monthlyVolume = null, isContactAllowed: contactOk } = input;
    const reasons = { useCase, monthlyVolume, contactOk };
    return { modelRequest: await this.demands.request(actor, modelOf(input), reasons) };
  }

  @Mutation(() => WithdrawModelRequestPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Withdraws a model request. Safe to repeat.',
  })
  @Access({ scope: 'inference' })
  async withdrawModelRequest(
    @InputArg(() => WithdrawModelRequestInput) { id }: WithdrawModelRequestInput,
    @Ctx() context: GraphQLContext,
  ): Promise<WithdrawModelRequestPayload> {
    await this.demands.withdraw(accountOf(context), id);
    return { deletedModelRequestId: id };
  }

  @Mutation(() => JoinWaitlistPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Requests a model without an account: sends an email with a confirmation link. The response is the same for any address.',
  })
  @Access({ scope: 'public' })
  async joinWaitlist(
    @InputArg(() => JoinWaitlistInput)
    { email, useCase = null, ...model }: JoinWaitlistInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<JoinWaitlistPayload> {
    await this.waitlist.join(actor.ipAddress, { email, model: modelOf(model), useCase });
    return {};
  }

  @Mutation(() => ConfirmWaitlistPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Confirms the email address of a waitlist request, which counts from then on. Safe to repeat.',
  })
  @Access({ scope: 'public' })
  async confirmWaitlist(
    @InputArg(() => ConfirmWaitlistInput) { token }: ConfirmWaitlistInput,
  ): Promise<ConfirmWaitlistPayload> {
    await this.waitlist.confirm(token);
    return {};
  }

  @Mutation(() => LeaveWaitlistPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Withdraws a waitlist request. Safe to repeat.',
  })
  @Access({ scope: 'public' })
  async leaveWaitlist(
    @InputArg(() => LeaveWaitlistInput) { token }: LeaveWaitlistInput,
  ): Promise<LeaveWaitlistPayload> {
    await this.waitlist.leave(token);
    return {};
  }
}

/** What a request refers to. */
@Resolver(() => ModelRequestType)
export class ModelRequestResolver {
  constructor(private readonly findModel: FindNode) {}

  @FieldResolver(() => ModelType, {
    complexity: LOOKUP_COST,
    description: 'Requested model, with its catalog page.',
  })
  model(
    @Root() { modelId }: ModelRequestType,
    @Ctx() context: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): ReturnType<FindNode> {
    return this.findModel(modelId, context, info);
  }
}
