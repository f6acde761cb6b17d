import DataLoader from 'dataloader';
import { type NodeSources, sourceOf } from '../graphql/node.resolver.js';
import type { NodeType } from '../graphql/node.type.js';
import type { AccountId } from '../platform/ids.js';
import { perContext } from '../platform/per-context.js';

interface Cause {
  readonly accountId: AccountId;
  readonly id: string;
}

/** What ledger entries of a request were caused by; one look-up for each kind of object and account. */
export type LoadCause = (context: object) => DataLoader<Cause, NodeType | null>;

/** @param nodes of the domains that runs and purchases belong to */
export function createCauseLoader(nodes: NodeSources): LoadCause {
  return perContext(
    () =>
      new DataLoader<Cause, NodeType | null>(
        async (causes) => {
          const groups = new Map<string, Cause[]>();
          for (const cause of causes) {
            const group = `${cause.accountId} ${cause.id.slice(0, cause.id.indexOf('_'))}`;
            groups.set(group, [...(groups.get(group) ?? []), cause]);
          }
          const found = await Promise.all([...groups.values()].map((group) => find(nodes, group)));
          const byId = new Map(found.flat().map((node) => [node.id, node]));
          return causes.map(({ id }) => byId.get(id) ?? null);
        },
        { cache: false },
      ),
  );
}

/** @param causes of one account and kind */
async function find(nodes: NodeSources, causes: readonly Cause[]): Promise<readonly NodeType[]> {
  const [first] = causes;
  if (first === undefined) return [];
  const ids = [...new Set(causes.map(({ id }) => id))];
  return (await sourceOf(nodes, first.id)?.findOwned?.(first.accountId, ids)) ?? [];
}
