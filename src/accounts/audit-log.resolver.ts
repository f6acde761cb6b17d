import { Arg, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { listCost } from '../graphql/cost.js';
import { present } from '../graphql/input.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import { encodeTimeCursor } from '../platform/time-cursor.js';
import type { AuditLogService } from './audit-log.service.js';
import { AuditLogEventConnectionType, AuditLogFilterInput } from './audit-log.type.js';

/** The audit log over all accounts, for operators. */
@Resolver()
export class AuditLogResolver {
  constructor(private readonly log: AuditLogService) {}

  /** For `node(id)`: any event, for operators alone. */
  readonly findNode: FindNode = async (id, { actor: { scopes } }) => {
    if (!scopes.has('operator')) return null;
    const event = await this.log.find(id);
    return event ?? null;
  };

  @Query(() => AuditLogEventConnectionType, {
    nullable: true,
    complexity: listCost(1),
    description: 'Security-relevant events across the platform, newest first. For operators.',
  })
  @Access({ scope: 'operator' })
  async auditLog(
    @Arg('filter', () => AuditLogFilterInput, {
      nullable: true,
      description: 'Conditions that events must meet; omit for all events.',
    })
    filter: AuditLogFilterInput | undefined,
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
  ): Promise<AuditLogEventConnectionType> {
    const size = checkPageSize(first);
    const page = { first: size + 1, after: after ?? undefined };
    const events = await this.log.list(present(filter ?? {}), page);
    const edges = events.slice(0, size).map((event) => ({
      cursor: encodeTimeCursor({ at: event.createdAt, id: event.id }),
      node: event,
    }));
    return connectionOf(edges, { hasNextPage: events.length > size, after });
  }
}
