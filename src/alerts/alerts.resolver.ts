import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { accountOf, type GraphQLContext } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import { present } from '../graphql/input.js';
import type { KeyId } from '../platform/ids.js';
import {
  AlertRuleType,
  toAlertState,
  AlertType,
  CreateAlertRuleInput,
  UpdateAlertRuleInput,
} from './alert.type.js';
import type { AlertsService } from './alerts.service.js';

@Resolver()
export class AlertsResolver {
  constructor(private readonly service: AlertsService) {}

  @Query(() => [AlertType], {
    complexity: ({ childComplexity }) => 50 + childComplexity,
    description: 'The account’s alert rules and where they stand, oldest first.',
  })
  @Access({ scope: 'admin' })
  async alerts(@Ctx() context: GraphQLContext): Promise<AlertType[]> {
    const alerts = await this.service.list(accountOf(context));
    return alerts.map(({ rule, states }) => ({
      rule,
      states: states.map((state) => toAlertState(state, rule.kind)),
    }));
  }

  @Mutation(() => AlertRuleType, {
    complexity: LOOKUP_COST,
    description: 'Makes a rule. One that is crossed already fires within a minute.',
  })
  @Access({ scope: 'admin' })
  async createAlertRule(
    @Arg('input', () => CreateAlertRuleInput, { description: 'The rule.' })
    input: CreateAlertRuleInput,
    @Ctx() context: GraphQLContext,
  ): Promise<AlertRuleType> {
    const { keyId, ...rule } = present(input);
    return await this.service.create(context.actor, accountOf(context), {
      ...rule,
      keyId: keyId as KeyId | undefined,
    });
  }

  @Mutation(() => AlertRuleType, {
    complexity: LOOKUP_COST,
    description: 'Changes a rule. What it has fired for stays fired.',
  })
  @Access({ scope: 'admin' })
  async updateAlertRule(
    @Arg('id', () => ID, { description: 'The rule.' }) id: string,
    @Arg('input', () => UpdateAlertRuleInput, { description: 'The changes.' })
    input: UpdateAlertRuleInput,
    @Ctx() context: GraphQLContext,
  ): Promise<AlertRuleType> {
    const { keyId, ...changes } = present(input);
    return await this.service.update(context.actor, accountOf(context), id, {
      ...changes,
      ...(keyId === undefined ? {} : { keyId: keyId as KeyId }),
    });
  }

  @Mutation(() => AlertRuleType, {
    complexity: LOOKUP_COST,
    description: 'Deletes a rule. Answers what it was.',
  })
  @Access({ scope: 'admin' })
  async deleteAlertRule(
    @Arg('id', () => ID, { description: 'The rule.' }) id: string,
    @Ctx() context: GraphQLContext,
  ): Promise<AlertRuleType> {
    return await this.service.delete(context.actor, accountOf(context), id);
  }
}
