import type { ApolloServerPlugin } from '@apollo/server';
import {
  type DocumentNode,
  GraphQLError,
  type OperationDefinitionNode,
  OperationTypeNode,
} from 'graphql';
import { AppError, ERROR_CODES } from '../errors.js';
import { costExtension, type CostCheck } from './cost-check.js';

/**
 * Refuses an operation that is too large, before it runs, and returns what it costs as
 * `extensions.cost`. In `didResolveOperation`, because a validation rule would lose its code.
 *
 * @param url path of the endpoint
 * @param onPassed told of each operation that was let through.
 */
export function limitsPlugin(
  { url, checkCost }: { readonly url: string; readonly checkCost: CostCheck },
  onPassed: (
    text: string | undefined,
    document: DocumentNode,
    operation: OperationDefinitionNode,
  ) => void,
): ApolloServerPlugin {
  return {
    requestDidStart: () => {
      let cost: number | undefined;
      return Promise.resolve({
        didResolveOperation: ({ source, document, operation, request }) => {
          // An operation name that the document lacks is refused by Apollo, right after this.
          if (operation === undefined) return Promise.resolve();
          try {
            refuseSubscription(operation, url);
            cost = checkCost(document, operation, request.variables ?? {});
          } catch (error) {
            throw refusal(error);
          }
          onPassed(source, document, operation);
          return Promise.resolve();
        },
        willSendResponse: ({ response }) => {
          if (cost !== undefined && response.body.kind === 'single') {
            const { singleResult } = response.body;
            singleResult.extensions = { ...singleResult.extensions, cost: costExtension(cost) };
          }
          return Promise.resolve();
        },
      });
    },
  };
}

/** Apollo would execute it once, as if it were a query. */
function refuseSubscription({ operation }: OperationDefinitionNode, url: string): void {
  if (operation !== OperationTypeNode.SUBSCRIPTION) return;
  throw new AppError(
    'BAD_REQUEST',
    `Subscriptions are served over WebSocket at ${url}, or as server-sent events at ${url}/stream.`,
  );
}

/** An error of ours with its HTTP status: nothing has run yet, so the whole request is refused. */
function refusal(error: unknown): unknown {
  if (error instanceof GraphQLError) {
    // Variables that do not fit their types: counting needs them, so it is the first to notice.
    return new GraphQLError(error.message, {
      ...(error.nodes === undefined ? {} : { nodes: error.nodes }),
      originalError: error,
      extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } },
    });
  }
  if (!(error instanceof AppError)) return error;
  return new GraphQLError(error.message, {
    originalError: error,
    extensions: { http: { status: ERROR_CODES[error.code].status } },
  });
}
