import type { DocumentNode, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import { AppError } from '../errors.js';
import { COST_MAX, operationCost } from './cost.js';
import { createIntrospectionCheck } from './introspection.js';
import { checkShape } from './operation-shape.js';

/** Cost of an operation with these variables. @throws AppError QUERY_TOO_COMPLEX past any limit. */
export type CostCheck = (
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Record<string, unknown>,
) => number;

export function createCostCheck(schema: GraphQLSchema): CostCheck {
  // Apollo hands out the same parsed document for the same text. Without variables the cost of an
  // operation is then always the same: it is worked out once.
  const known = new WeakMap<OperationDefinitionNode, number>();
  const checkIntrospection = createIntrospectionCheck(schema);

  return (document, operation, variables) => {
    const before = known.get(operation);
    if (before !== undefined) return before;
    refuseUnknownKind(schema, operation);
    checkShape(document, operation);
    const cost = operationCost(schema, document, operation, variables);
    if (cost > COST_MAX) {
      throw new AppError(
        'QUERY_TOO_COMPLEX',
        `The operation costs ${String(cost)}; the maximum is ${String(COST_MAX)}. Request fewer items or fields.`,
        { details: { cost, maximum: COST_MAX } },
      );
    }
    checkIntrospection(document, operation, variables);
    if ((operation.variableDefinitions ?? []).length === 0) known.set(operation, cost);
    return cost;
  };
}

/** Validation lets a kind that the schema lacks pass; executing it would fail as if it were our fault. */
function refuseUnknownKind(schema: GraphQLSchema, operation: OperationDefinitionNode): void {
  const kind = operation.operation;
  if (schema.getRootType(kind) != null) return;
  throw new AppError('GRAPHQL_VALIDATION_FAILED', `This API has no ${kind} type.`);
}

/** What the answer says of its cost (as Shopify does). */
export function costExtension(cost: number) {
  return { requestedQueryCost: cost, maximumQueryCost: COST_MAX };
}
