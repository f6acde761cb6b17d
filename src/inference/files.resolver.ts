import DataLoader from 'dataloader';
import { FieldResolver, Resolver, Root } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { AccountType } from '../graphql/account.type.js';
import { mayOn } from '../graphql/context.js';
import { listCost } from '../graphql/cost.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import { perContext } from '../platform/per-context.js';
import { FileConnectionType } from './file.type.js';
import type { OwnedUpload } from './upload.js';
import type { UploadsService } from './uploads.service.js';

/** Files of an account. They are uploaded and downloaded over REST. */
@Resolver(() => AccountType)
export class FilesResolver {
  /** Files of a request, in one statement: each batch of a list has three. */
  private readonly loader: (context: object) => DataLoader<string, OwnedUpload | undefined>;

  constructor(private readonly uploads: UploadsService) {
    this.loader = perContext(
      () =>
        new DataLoader(
          async (ids) => {
            const found = await uploads.findMany([...new Set(ids)]);
            return ids.map((id) => found.get(id));
          },
          // Nothing is kept: a mutation later in the same request may have changed it.
          { cache: false },
        ),
    );
  }

  /** For `node(id)`: files of accounts that the caller may read. */
  readonly findNode: FindNode = async (id, context) => {
    const file = await this.loader(context).load(id);
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
