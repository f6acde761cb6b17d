import type { ApolloServerPlugin } from '@apollo/server';
import { type DocumentNode, GraphQLError, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import { AppError, ERROR_CODES } from '../errors.js';
import { COST_MAX, operationCost } from './cost.js';
import { checkShape } from './shape.js';

/**
 * Refuses an operation that is too large, before it runs, and returns what it costs as
 * `extensions.cost`. In `didResolveOperation`, because a validation rule would lose its code.
 */
export function limitsPlugin(): ApolloServerPlugin {
  // Apollo hands out the same parsed document for the same text. Without variables the cost of an
  // operation is then always the same: it is worked out once.
  const known = new WeakMap<OperationDefinitionNode, number>();

  function measure(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Record<string, unknown>,
  ): number {
    const before = known.get(operation);
    if (before !== undefined) return before;
    checkShape(document, operation);
    const cost = operationCost(schema, document, operation, variables);
    if (cost > COST_MAX) {
      throw new AppError(
        'QUERY_TOO_COMPLEX',
        `The operation costs ${String(cost)}; the most is ${String(COST_MAX)}. Ask for fewer rows or fields.`,
        { details: { cost, maximum: COST_MAX } },
      );
    }
    if ((operation.variableDefinitions ?? []).length === 0) known.set(operation, cost);
    return cost;
  }

  return {
    requestDidStart: () => {
      let cost: number | undefined;
      return Promise.resolve({
        didResolveOperation: ({ schema, document, operation, request }) => {
          // An operation name that the document lacks is refused by Apollo, right after this.
          if (operation === undefined) return Promise.resolve();
          try {
            cost = measure(schema, document, operation, request.variables ?? {});
          } catch (error) {
            throw refusal(error);
          }
          return Promise.resolve();
        },
        willSendResponse: ({ response }) => {
          if (cost !== undefined && response.body.kind === 'single') {
            const { singleResult } = response.body;
            singleResult.extensions = {
              ...singleResult.extensions,
              cost: { requestedQueryCost: cost, maximumQueryCost: COST_MAX },
            };
          }
          return Promise.resolve();
        },
      });
    },
  };
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
