import { Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { DeleteAlertRuleInput } from './alerts.input.js';
import {
  CreateAlertRulePayload,
  UpdateAlertRulePayload,
  DeleteAlertRulePayload,
} from './alerts.payload.js';
import { AccountType } from '../graphql/account.type.js';
import { accountOf, type GraphQLContext } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import { InputArg, present, renamed } from '../graphql/input.js';
import type { KeyId } from '../platform/ids.js';
import {
  toAlertState,
  AlertType,
  CreateAlertRuleInput,
  UpdateAlertRuleInput,
} from './alert.type.js';
import type { AlertsService } from './alerts.service.js';

/** What the schema calls otherwise. */
const SETTINGS = {
  isEnabled: 'enabled',
  isMailEnabled: 'byMail',
  isWebhookEnabled: 'byWebhook',
} as const;

@Resolver(() => AccountType)
export class AlertsResolver {
  constructor(private readonly service: AlertsService) {}

  @FieldResolver(() => [AlertType], {
    nullable: true,
    complexity: ({ childComplexity }) => 50 + childComplexity,
    description: 'Alert rules of the account with their current states, oldest first.',
  })
  @Access({ scope: 'admin' })
  async alerts(@Root() { id }: AccountType): Promise<AlertType[]> {
    const alerts = await this.service.list(id);
    return alerts.map(({ rule, states }) => ({
      rule,
      states: states.map((state) => toAlertState(state, rule.kind)),
    }));
  }

  @Mutation(() => CreateAlertRulePayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Creates an alert rule. If the threshold is already crossed, the alert fires within a minute.',
  })
  @Access({ scope: 'admin' })
  async createAlertRule(
    @InputArg(() => CreateAlertRuleInput)
    input: CreateAlertRuleInput,
    @Ctx() context: GraphQLContext,
  ): Promise<CreateAlertRulePayload> {
    const { keyId, ...rule } = renamed(present(input), SETTINGS);
    return {
      alertRule: await this.service.create(context.actor, accountOf(context), {
        ...rule,
        keyId: keyId as KeyId | undefined,
      }),
    };
  }

  @Mutation(() => UpdateAlertRulePayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Updates an alert rule. Alerts that have already fired do not fire again for the same crossing.',
  })
  @Access({ scope: 'admin' })
  async updateAlertRule(
    @InputArg(() => UpdateAlertRuleInput) { id, ...input }: UpdateAlertRuleInput,
    @Ctx() context: GraphQLContext,
  ): Promise<UpdateAlertRulePayload> {
    const { keyId, ...changes } = renamed(present(input), SETTINGS);
    return {
      alertRule: await this.service.update(context.actor, accountOf(context), id, {
        ...changes,
        ...(keyId === undefined ? {} : { keyId: keyId as KeyId }),
      }),
    };
  }

  @Mutation(() => DeleteAlertRulePayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Deletes an alert rule.',
  })
  @Access({ scope: 'admin' })
  async deleteAlertRule(
    @InputArg(() => DeleteAlertRuleInput) { id }: DeleteAlertRuleInput,
    @Ctx() context: GraphQLContext,
  ): Promise<DeleteAlertRulePayload> {
    await this.service.delete(context.actor, accountOf(context), id);
    return { deletedAlertRuleId: id };
  }
}
