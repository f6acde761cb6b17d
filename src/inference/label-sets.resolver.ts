import { Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { InputArg } from '../graphql/input.js';
import { DeleteLabelSetInput } from './label-sets.input.js';
import { CreateLabelSetPayload, DeleteLabelSetPayload } from './label-sets.payload.js';
import { AccountType } from '../graphql/account.type.js';
import { accountOf, type GraphQLContext } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import { present } from '../graphql/input.js';
import { CreateLabelSetInput } from './create-label-set.input.js';
import { LabelSetType } from './label-set.type.js';
import type { LabelSetsService } from './label-sets.service.js';

@Resolver(() => AccountType)
export class LabelSetsResolver {
  constructor(private readonly sets: LabelSetsService) {}

  @FieldResolver(() => [LabelSetType], {
    nullable: true,
    complexity: ({ childComplexity }) => 20 + childComplexity,
    description: 'Label sets of the account, by name.',
  })
  @Access({ scope: 'read' })
  labelSets(@Root() { id }: AccountType): Promise<readonly LabelSetType[]> {
    return this.sets.list(id);
  }

  @Mutation(() => CreateLabelSetPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Creates a label set for use as `labelSetId`. The first call per model pays for its labels; later calls pay for images only.',
  })
  @Access({ scope: 'inference' })
  async createLabelSet(
    @InputArg(() => CreateLabelSetInput)
    input: CreateLabelSetInput,
    @Ctx() context: GraphQLContext,
  ): Promise<CreateLabelSetPayload> {
    return { labelSet: await this.sets.create(accountOf(context), present(input)) };
  }

  @Mutation(() => DeleteLabelSetPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Deletes a label set.',
  })
  @Access({ scope: 'inference' })
  async deleteLabelSet(
    @InputArg(() => DeleteLabelSetInput) { id }: DeleteLabelSetInput,
    @Ctx() context: GraphQLContext,
  ): Promise<DeleteLabelSetPayload> {
    await this.sets.delete(accountOf(context), id);
    return { deletedLabelSetId: id };
  }
}
