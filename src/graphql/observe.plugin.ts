import type { ApolloServerPlugin } from '@apollo/server';
import type { Metrics } from '../platform/metrics.js';
import { requestContext } from '../platform/request-context.js';
import type { GraphQLContext } from './context.js';
import { answerHead, operationFacts, REFUSED } from './operation-facts.js';

/**
 * One measurement and the HTTP headers of an operation. At the operation, never at the field: a hook
 * on every field costs a fifth of the throughput.
 */
export function observePlugin(metrics: Metrics): ApolloServerPlugin<GraphQLContext> {
  return {
    requestDidStart: () => {
      const startedAt = performance.now();
      let facts = REFUSED;
      return Promise.resolve({
        didResolveOperation: ({ schema, operation }) => {
          if (operation === undefined) return Promise.resolve();
          facts = operationFacts(schema, operation);
          const context = requestContext();
          if (context !== undefined) context.operation = facts.label;
          return Promise.resolve();
        },
        willSendResponse: ({ response, contextValue }) => {
          if (response.body.kind !== 'single') return Promise.resolve();
          const { singleResult } = response.body;
          const failed = singleResult.errors !== undefined || requestContext()?.code !== undefined;
          const outcome = failed ? 'error' : 'ok';
          if (facts.isCompressible) contextValue.allowCompression();
          const head = answerHead(singleResult, facts, contextValue.actor);
          if (head.status !== undefined) response.http.status = head.status;
          for (const [name, value] of Object.entries(head.headers)) {
            response.http.headers.set(name, value);
          }
          metrics.operation(facts.label, outcome, (performance.now() - startedAt) / 1000);
          return Promise.resolve();
        },
      });
    },
  };
}
