import { Arg, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { AccountType } from '../graphql/account.type.js';
import { findAccount, type GraphQLContext, mayOn } from '../graphql/context.js';
import { listCost, LOOKUP_COST } from '../graphql/cost.js';
import { present } from '../graphql/input.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import { encodeTimeCursor } from '../platform/time-cursor.js';
import { ApiKeyType } from './api-key.type.js';
import type { AuditEventFilter } from './audit-event.js';
import {
  AuditEventConnectionType,
  AuditEventFilterInput,
  AuditEventType,
  AuditLogFilterInput,
} from './audit-event.type.js';
import type { AuditEventsService } from './audit-events.service.js';
import type { KeyLoaders } from './key.loaders.js';
import type { LoadUser } from './user.loaders.js';
import { UserType } from './user.type.js';

/** What was done: on an account, for those who administer it; everywhere, for operators. */
@Resolver(() => AccountType)
export class AuditEventsResolver {
  constructor(private readonly events: AuditEventsService) {}

  /** For `node(id)`: events on accounts that the caller administers; for operators, any. */
  readonly findNode: FindNode = async (id, context) => {
    const event = await this.events.find(id);
    if (event === undefined) return null;
    if (context.actor.scopes.has('operator')) return event;
    const { accountId } = event;
    return accountId !== null && mayOn(context, accountId, 'admin') ? event : null;
  };

  @FieldResolver(() => AuditEventConnectionType, {
    nullable: true,
    complexity: listCost(1),
    description: 'Security-relevant events on the account, newest first.',
  })
  @Access({ scope: 'admin' })
  auditEvents(
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
    @Arg('filter', () => AuditEventFilterInput, {
      nullable: true,
      description: 'Conditions that events must meet; omit for all events.',
    })
    filter: AuditEventFilterInput | undefined,
    @Root() { id }: AccountType,
  ): Promise<AuditEventConnectionType> {
    return this.page({ ...present(filter ?? {}), accounts: [id] }, first, after);
  }

  @Query(() => AuditEventConnectionType, {
    nullable: true,
    complexity: listCost(1),
    description: 'Security-relevant events across the platform, newest first. For operators.',
  })
  @Access({ scope: 'operator' })
  auditLog(
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
    @Arg('filter', () => AuditLogFilterInput, {
      nullable: true,
      description: 'Conditions that events must meet; omit for all events.',
    })
    filter: AuditLogFilterInput | undefined,
  ): Promise<AuditEventConnectionType> {
    return this.page(present(filter ?? {}), first, after);
  }

  private async page(
    filter: AuditEventFilter,
    first: number,
    after: string | undefined,
  ): Promise<AuditEventConnectionType> {
    const size = checkPageSize(first);
    const events = await this.events.list(filter, { first: size + 1, after: after ?? undefined });
    const edges = events.slice(0, size).map((event) => ({
      cursor: encodeTimeCursor({ at: event.createdAt, id: event.id }),
      node: event,
    }));
    return connectionOf(edges, { hasNextPage: events.length > size, after });
  }
}

/** Who caused an event, and where. */
@Resolver(() => AuditEventType)
export class AuditEventFieldsResolver {
  constructor(
    private readonly loadUser: LoadUser,
    private readonly keyLoaders: (context: object) => Pick<KeyLoaders, 'key'>,
  ) {}

  @FieldResolver(() => UserType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'User who caused the event; null if it was not a user, and for users that the caller cannot see, such as former members.',
  })
  user(
    @Root() { userId }: AuditEventType,
    @Ctx() context: GraphQLContext,
  ): Promise<UserType | null> {
    return userId === null ? Promise.resolve(null) : this.loadUser(context, userId);
  }

  @FieldResolver(() => ApiKeyType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'API key that caused the event; null if it was not a key.',
  })
  async apiKey(
    @Root() { keyId }: AuditEventType,
    @Ctx() context: GraphQLContext,
  ): Promise<ApiKeyType | null> {
    if (keyId === null) return null;
    const key = await this.keyLoaders(context).key.load(keyId);
    const isVisible = key !== undefined && mayOn(context, key.accountId, 'read');
    return isVisible ? key : null;
  }

  @FieldResolver(() => AccountType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Affected account; null if there is none.',
  })
  account(
    @Root() { accountId }: AuditEventType,
    @Ctx() context: GraphQLContext,
  ): AccountType | null {
    return accountId === null ? null : (findAccount(context, accountId) ?? null);
  }
}
