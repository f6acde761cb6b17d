import type { GraphQLResolveInfo } from 'graphql';
import { Ctx, Info, Mutation, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { InputArg } from '../graphql/input.js';
import {
  DeprecateModelInput,
  RetireModelInput,
  CreateModelAliasInput,
  DeleteModelAliasInput,
  RenameModelInput,
  CreateModelChangeInput,
} from './catalog-admin.input.js';
import {
  CreateModelPayload,
  UpdateModelPayload,
  DeprecateModelPayload,
  RetireModelPayload,
  CreateModelAliasPayload,
  DeleteModelAliasPayload,
  RenameModelPayload,
  SetModelPricePayload,
  CreateModelChangePayload,
} from './catalog-admin.payload.js';
import type { GraphQLContext } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import type { ModelId } from '../platform/ids.js';
import type { CatalogAdminService } from './catalog-admin.service.js';
import { readModel } from './catalog.resolver.js';
import type { CatalogService } from './catalog.service.js';
import type { ModelChangesService } from './model-changes.service.js';
import {
  CreateModelInput,
  UpdateModelInput,
  namedFacts,
  SetModelPriceInput,
} from './model-edit.input.js';
import { ModelType } from './model.type.js';

const OPERATOR = { scope: 'operator' } as const;

/** What operators do to the catalog; each mutation answers with the model as it is then. */
@Resolver()
export class CatalogAdminResolver {
  constructor(
    private readonly admin: CatalogAdminService,
    private readonly changes: ModelChangesService,
    private readonly catalog: Pick<CatalogService, 'findModels'>,
  ) {}

  @Mutation(() => CreateModelPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Adds a model to the catalog with the status COMING_SOON. For operators.',
  })
  @Access(OPERATOR)
  async createModel(
    @InputArg(() => CreateModelInput) input: CreateModelInput,
    @Ctx() { actor }: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<CreateModelPayload> {
    return { model: await this.answer(info, this.admin.create(actor, namedFacts(input))) };
  }

  @Mutation(() => UpdateModelPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Updates the catalog page of a model. For operators.',
  })
  @Access(OPERATOR)
  async updateModel(
    @InputArg(() => UpdateModelInput) { model, ...input }: UpdateModelInput,
    @Ctx() { actor }: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<UpdateModelPayload> {
    return { model: await this.answer(info, this.admin.edit(actor, model, namedFacts(input))) };
  }

  @Mutation(() => DeprecateModelPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Deprecates a model, which can still be called until it is retired. For operators.',
  })
  @Access(OPERATOR)
  async deprecateModel(
    @InputArg(() => DeprecateModelInput) { model, reason }: DeprecateModelInput,
    @Ctx() { actor }: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<DeprecateModelPayload> {
    return {
      model: await this.answer(info, this.admin.deprecate(actor, model, reason ?? undefined)),
    };
  }

  @Mutation(() => RetireModelPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Retires a model, which can no longer be called; its page remains. Irreversible. For operators.',
  })
  @Access(OPERATOR)
  async retireModel(
    @InputArg(() => RetireModelInput) { model, reason }: RetireModelInput,
    @Ctx() { actor }: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<RetireModelPayload> {
    return { model: await this.answer(info, this.admin.retire(actor, model, reason ?? undefined)) };
  }

  @Mutation(() => CreateModelAliasPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Adds an alias to a model. For operators.',
  })
  @Access(OPERATOR)
  async createModelAlias(
    @InputArg(() => CreateModelAliasInput) { model, alias }: CreateModelAliasInput,
    @Ctx() { actor }: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<CreateModelAliasPayload> {
    return { model: await this.answer(info, this.admin.addAlias(actor, model, alias)) };
  }

  @Mutation(() => DeleteModelAliasPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Removes an alias from a model, so that it can be used again. For operators.',
  })
  @Access(OPERATOR)
  async deleteModelAlias(
    @InputArg(() => DeleteModelAliasInput) { model, alias }: DeleteModelAliasInput,
    @Ctx() { actor }: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<DeleteModelAliasPayload> {
    return { model: await this.answer(info, this.admin.removeAlias(actor, model, alias)) };
  }

  @Mutation(() => RenameModelPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Changes the slug of a model. The old slug becomes an alias, so that existing calls and links keep working. For operators.',
  })
  @Access(OPERATOR)
  async renameModel(
    @InputArg(() => RenameModelInput) { model, slug }: RenameModelInput,
    @Ctx() { actor }: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<RenameModelPayload> {
    return { model: await this.answer(info, this.admin.rename(actor, model, slug)) };
  }

  @Mutation(() => SetModelPricePayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Adds a price version that takes effect now or at a later time. A later version with the same start replaces one that is not in effect yet. For operators.',
  })
  @Access(OPERATOR)
  async setModelPrice(
    @InputArg(() => SetModelPriceInput)
    { model, effectiveFrom, ...price }: SetModelPriceInput,
    @Ctx() { actor }: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<SetModelPricePayload> {
    const version = { ...price, effectiveFrom: effectiveFrom ?? undefined };
    return { model: await this.answer(info, this.admin.setPrice(actor, model, version)) };
  }

  @Mutation(() => CreateModelChangePayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Adds an entry to a model’s changelog. For operators.',
  })
  @Access(OPERATOR)
  async createModelChange(
    @InputArg(() => CreateModelChangeInput) { model, text }: CreateModelChangeInput,
    @Ctx() { actor }: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<CreateModelChangePayload> {
    return { model: await this.answer(info, this.changes.add(actor, model, text)) };
  }

  private async answer(info: GraphQLResolveInfo, act: Promise<ModelId>): Promise<ModelType> {
    return readModel(this.catalog, await act, info);
  }
}
