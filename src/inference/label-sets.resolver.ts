import { Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { InputArg } from '../graphql/input.js';
import { DeleteLabelSetInput, UpdateLabelSetInput } from './label-sets.input.js';
import {
  CreateLabelSetPayload,
  DeleteLabelSetPayload,
  UpdateLabelSetPayload,
} from './label-sets.payload.js';
import { AccountType } from '../graphql/account.type.js';
import { accountOf, type GraphQLContext, mayOn } from '../graphql/context.js';
import { listCost, LOOKUP_COST } from '../graphql/cost.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import { present } from '../graphql/input.js';
import { CreateLabelSetInput } from './create-label-set.input.js';
import type { LabelSet } from './label-set.js';
import { LabelSetConnectionType, type LabelSetEdgeType } from './label-set.type.js';
import type { LabelSetsService } from './label-sets.service.js';

@Resolver(() => AccountType)
export class LabelSetsResolver {
  constructor(private readonly sets: LabelSetsService) {}

  /** For `node(id)`: label sets of accounts that the caller may read. */
  readonly findNode: FindNode = async (id, context) => {
    const set = await this.sets.findAny(id);
    return set !== undefined && mayOn(context, set.accountId, 'read') ? set : null;
  };

  @FieldResolver(() => LabelSetConnectionType, {
    nullable: true,
    complexity: listCost(1),
    description: 'Label sets of the account, by name.',
  })
  @Access({ scope: 'read' })
  async labelSets(
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
    @Root() { id }: AccountType,
  ): Promise<LabelSetConnectionType> {
    const size = checkPageSize(first);
    const sets = await this.sets.list(id, { first: size + 1, after: after ?? undefined });
    const edges = sets.slice(0, size).map(toEdge);
    return connectionOf(edges, { hasNextPage: sets.length > size, after });
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
    const labelSet = await this.sets.create(accountOf(context), present(input));
    return { labelSet, labelSetEdge: toEdge(labelSet) };
  }

  @Mutation(() => UpdateLabelSetPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Renames a label set. Its labels and template cannot change, as they are paid for; create another set instead.',
  })
  @Access({ scope: 'inference' })
  async updateLabelSet(
    @InputArg(() => UpdateLabelSetInput) { id, name }: UpdateLabelSetInput,
    @Ctx() context: GraphQLContext,
  ): Promise<UpdateLabelSetPayload> {
    return { labelSet: await this.sets.rename(accountOf(context), id, name) };
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

function toEdge(node: LabelSet): LabelSetEdgeType {
  return { cursor: node.name, node };
}
