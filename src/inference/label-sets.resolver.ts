import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { accountOf, type GraphQLContext } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import { present } from '../graphql/input.js';
import { CreateLabelSetInput } from './create-label-set.input.js';
import { DeletedLabelSetType, LabelSetType } from './label-set.type.js';
import type { LabelSetsService } from './label-sets.service.js';

@Resolver()
export class LabelSetsResolver {
  constructor(private readonly sets: LabelSetsService) {}

  @Query(() => [LabelSetType], {
    complexity: ({ childComplexity }) => 20 + childComplexity,
    description: 'The account’s saved labels, by name.',
  })
  @Access({ scope: 'read' })
  labelSets(@Ctx() context: GraphQLContext): Promise<readonly LabelSetType[]> {
    return this.sets.list(accountOf(context));
  }

  @Mutation(() => LabelSetType, {
    complexity: LOOKUP_COST,
    description:
      'Saves labels, to be named by `labelSetId`. The first call of each model with the set pays for its labels; later calls pay for images only.',
  })
  @Access({ scope: 'inference' })
  createLabelSet(
    @Arg('input', () => CreateLabelSetInput, { description: 'The labels.' })
    input: CreateLabelSetInput,
    @Ctx() context: GraphQLContext,
  ): Promise<LabelSetType> {
    return this.sets.create(accountOf(context), present(input));
  }

  @Mutation(() => DeletedLabelSetType, {
    complexity: LOOKUP_COST,
    description: 'Deletes saved labels.',
  })
  @Access({ scope: 'inference' })
  async deleteLabelSet(
    @Arg('id', () => ID, { description: '"lset_…".' }) id: string,
    @Ctx() context: GraphQLContext,
  ): Promise<DeletedLabelSetType> {
    await this.sets.delete(accountOf(context), id);
    return { id };
  }
}
