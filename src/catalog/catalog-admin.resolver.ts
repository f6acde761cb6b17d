import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, Info, Mutation, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import type { GraphQLContext } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import type { ModelId } from '../platform/ids.js';
import type { CatalogAdminService } from './catalog-admin.service.js';
import { readModel } from './catalog.resolver.js';
import type { CatalogService } from './catalog.service.js';
import type { ModelChangesService } from './model-changes.service.js';
import {
  CreateModelInput,
  EditModelInput,
  namedFacts,
  SetModelPriceInput,
} from './model-edit.input.js';
import { ModelType } from './model.type.js';

const OPERATOR = { scope: 'operator' } as const;

const ModelArg = () => Arg('model', () => String, { description: 'The model: slug, alias or id.' });
const ReasonArg = () =>
  Arg('reason', () => String, {
    nullable: true,
    description: 'Why, and what to call instead: shown in the model’s changelog.',
  });

/** What operators do to the catalog; each mutation answers with the model as it is then. */
@Resolver()
export class CatalogAdminResolver {
  constructor(
    private readonly admin: CatalogAdminService,
    private readonly changes: ModelChangesService,
    private readonly catalog: Pick<CatalogService, 'findModels'>,
  ) {}

  @Mutation(() => ModelType, {
    complexity: LOOKUP_COST,
    description: 'Adds a model, which is coming soon. For operators.',
  })
  @Access(OPERATOR)
  createModel(
    @Arg('input', () => CreateModelInput, { description: 'The model.' }) input: CreateModelInput,
    @Ctx() { actor }: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ModelType> {
    return this.answer(info, this.admin.create(actor, namedFacts(input)));
  }

  @Mutation(() => ModelType, {
    complexity: LOOKUP_COST,
    description: 'Changes facts of a model’s page. For operators.',
  })
  @Access(OPERATOR)
  editModel(
    @ModelArg() model: string,
    @Arg('input', () => EditModelInput, { description: 'What to change.' }) input: EditModelInput,
    @Ctx() { actor }: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ModelType> {
    return this.answer(info, this.admin.edit(actor, model, namedFacts(input)));
  }

  @Mutation(() => ModelType, {
    complexity: LOOKUP_COST,
    description: 'Says that a model will be retired; it can be called until then. For operators.',
  })
  @Access(OPERATOR)
  deprecateModel(
    @ModelArg() model: string,
    @ReasonArg() reason: string | undefined,
    @Ctx() { actor }: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ModelType> {
    return this.answer(info, this.admin.deprecate(actor, model, reason ?? undefined));
  }

  @Mutation(() => ModelType, {
    complexity: LOOKUP_COST,
    description: 'Ends calls of a model for good; its page stays. For operators.',
  })
  @Access(OPERATOR)
  retireModel(
    @ModelArg() model: string,
    @ReasonArg() reason: string | undefined,
    @Ctx() { actor }: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ModelType> {
    return this.answer(info, this.admin.retire(actor, model, reason ?? undefined));
  }

  @Mutation(() => ModelType, {
    complexity: LOOKUP_COST,
    description: 'Lets another slug lead to a model. For operators.',
  })
  @Access(OPERATOR)
  addModelAlias(
    @ModelArg() model: string,
    @Arg('alias', () => String, { description: '"owner/name", that nobody has.' }) alias: string,
    @Ctx() { actor }: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ModelType> {
    return this.answer(info, this.admin.addAlias(actor, model, alias));
  }

  @Mutation(() => ModelType, {
    complexity: LOOKUP_COST,
    description: 'Frees an alias of a model. For operators.',
  })
  @Access(OPERATOR)
  removeModelAlias(
    @ModelArg() model: string,
    @Arg('alias', () => String, { description: 'The alias.' }) alias: string,
    @Ctx() { actor }: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ModelType> {
    return this.answer(info, this.admin.removeAlias(actor, model, alias));
  }

  @Mutation(() => ModelType, {
    complexity: LOOKUP_COST,
    description:
      'Gives a model another slug. The old one leads to it from then on, so that callers and links go on. For operators.',
  })
  @Access(OPERATOR)
  renameModel(
    @ModelArg() model: string,
    @Arg('slug', () => String, { description: '"owner/name", that no other model has.' })
    slug: string,
    @Ctx() { actor }: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ModelType> {
    return this.answer(info, this.admin.rename(actor, model, slug));
  }

  @Mutation(() => ModelType, {
    complexity: LOOKUP_COST,
    description:
      'Adds a version of a price, from now or from a moment to come; one that is to come is withdrawn by another that begins at the same moment. For operators.',
  })
  @Access(OPERATOR)
  setModelPrice(
    @Arg('input', () => SetModelPriceInput, { description: 'The price.' })
    { model, effectiveFrom, ...price }: SetModelPriceInput,
    @Ctx() { actor }: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ModelType> {
    const version = { ...price, effectiveFrom: effectiveFrom ?? undefined };
    return this.answer(info, this.admin.setPrice(actor, model, version));
  }

  @Mutation(() => ModelType, {
    complexity: LOOKUP_COST,
    description: 'Adds a line to a model’s changelog. For operators.',
  })
  @Access(OPERATOR)
  addModelChange(
    @ModelArg() model: string,
    @Arg('text', () => String, { description: 'What happened: 1 to 2,000 characters.' })
    text: string,
    @Ctx() { actor }: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ModelType> {
    return this.answer(info, this.changes.add(actor, model, text));
  }

  private async answer(info: GraphQLResolveInfo, act: Promise<ModelId>): Promise<ModelType> {
    return readModel(this.catalog, await act, info);
  }
}
