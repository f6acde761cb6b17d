import type { ApolloServerPlugin } from '@apollo/server';
import { Kind, type GraphQLObjectType, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import type { Metrics } from '../platform/metrics.js';
import { requestContext } from '../platform/request-context.js';
import type { Access } from './access.js';

/**
 * One measurement and the HTTP headers of an operation. At the operation, never at the field: a hook
 * on every field costs a fifth of the throughput.
 */
export function observePlugin(metrics: Metrics): ApolloServerPlugin {
  return {
    requestDidStart: () => {
      const startedAt = performance.now();
      let label = 'refused';
      let cacheMaxAgeS = 0;
      return Promise.resolve({
        didResolveOperation: ({ schema, operation }) => {
          if (operation === undefined) return Promise.resolve();
          const names = rootFields(operation);
          label = operationLabel(names);
          cacheMaxAgeS = sharedCacheMaxAgeS(schema, operation, names);
          const context = requestContext();
          if (context !== undefined) context.operation = label;
          return Promise.resolve();
        },
        willSendResponse: ({ response }) => {
          if (response.body.kind !== 'single') return Promise.resolve();
          const { singleResult } = response.body;
          const failed = singleResult.errors !== undefined;
          response.http.headers.set(
            'cache-control',
            failed || cacheMaxAgeS === 0
              ? 'no-store'
              : `public, max-age=${String(cacheMaxAgeS)}, stale-while-revalidate=${String(cacheMaxAgeS * 10)}`,
          );
          if (singleResult.errors?.some(({ extensions }) => extensions?.code === 'UPSTREAM_UNAVAILABLE')) {
            // Half an answer from a server that lost its database would look like "not found".
            delete singleResult.data;
            response.http.status = 503;
            response.http.headers.set('retry-after', '1');
          }
          metrics.operation(label, failed ? 'error' : 'ok', (performance.now() - startedAt) / 1000);
          return Promise.resolve();
        },
      });
    },
  };
}

/** Names of the root fields; a fragment at the root counts as unknown. */
function rootFields({ selectionSet }: OperationDefinitionNode): (string | undefined)[] {
  return selectionSet.selections.map((selection) =>
    selection.kind === Kind.FIELD ? selection.name.value : undefined,
  );
}

/** A closed set of labels: what callers name their operations would grow without end. */
function operationLabel(names: readonly (string | undefined)[]): string {
  const [first] = names;
  if (names.length !== 1 || first === undefined) return 'multiple';
  return first.startsWith('__') ? 'introspection' : first;
}

/** The shortest time that any root field allows; 0 where one allows none. */
function sharedCacheMaxAgeS(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  names: readonly (string | undefined)[],
): number {
  const root: GraphQLObjectType | undefined | null = schema.getRootType(operation.operation);
  const fields = root?.getFields() ?? {};
  return Math.min(
    ...names.map((name) => {
      const access = name === undefined ? undefined : (fields[name]?.extensions.access as Access | undefined);
      return access?.cacheMaxAgeS ?? 0;
    }),
  );
}
