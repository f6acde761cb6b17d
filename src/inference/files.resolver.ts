import { FieldResolver, Resolver, Root } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { AccountType } from '../graphql/account.type.js';
import { mayOn } from '../graphql/context.js';
import { listCost } from '../graphql/cost.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import { FileConnectionType } from './file.type.js';
import type { UploadsService } from './uploads.service.js';

/** Files of an account. They are uploaded and downloaded over REST. */
@Resolver(() => AccountType)
export class FilesResolver {
  constructor(private readonly uploads: UploadsService) {}

  /** For `node(id)`: files of accounts that the caller may read. */
  readonly findNode: FindNode = async (id, context) => {
    const file = await this.uploads.findAny(id);
    return file !== undefined && mayOn(context, file.accountId, 'read') ? file : null;
  };

  @FieldResolver(() => FileConnectionType, {
    nullable: true,
    complexity: listCost(1),
    description: 'Files of the account that have not expired, newest first.',
  })
  @Access({ scope: 'read' })
  async files(
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
    @Root() { id }: AccountType,
  ): Promise<FileConnectionType> {
    const size = checkPageSize(first);
    const page = { first: size + 1, after: after ?? undefined, order: 'desc' } as const;
    const files = await this.uploads.list(id, page);
    const edges = files.slice(0, size).map((node) => ({ cursor: node.id, node }));
    return connectionOf(edges, { hasNextPage: files.length > size, after });
  }
}
