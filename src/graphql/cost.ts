import type { GraphQLSchema, OperationDefinitionNode, DocumentNode } from 'graphql';
import { getNamedType, isLeafType } from 'graphql';
import {
  type ComplexityEstimator,
  fieldExtensionsEstimator,
  getComplexity,
} from 'graphql-query-complexity';
import { isMetaField } from './introspection.js';
import { PAGE_SIZE_MAX } from './pagination.js';
import { SELECTIONS_MAX } from './operation-shape.js';

/** An operation that costs more is refused before it runs. */
export const COST_MAX = 1_000;

/** Scalars and enums are free, an object costs 1 and what is selected in it (as Shopify counts). */
const objectsCostOne: ComplexityEstimator = ({ field, childComplexity }) =>
  isLeafType(getNamedType(field.type)) ? 0 : 1 + childComplexity;

/** Introspection reads no data and has its own limit (introspection.ts). */
const introspectionIsFree: ComplexityEstimator = ({ node }) => (isMetaField(node) ? 0 : undefined);

const estimators = [introspectionIsFree, fieldExtensionsEstimator(), objectsCostOne];

/** Cost of a field that reads one thing by key. */
export const LOOKUP_COST: ComplexityEstimator = ({ childComplexity }) => 1 + childComplexity;

/** `base` and, for each of the `first` rows, 1 and what is selected in it. */
export function listCost(base: number): ComplexityEstimator {
  return ({ args, childComplexity }) => base + clampPage(args.first) * (1 + childComplexity);
}

/** The resolver refuses a page out of range; counting it as the nearest valid one lets its error be the one that is seen. */
function clampPage(first: unknown): number {
  return typeof first === 'number' ? Math.min(Math.max(first, 1), PAGE_SIZE_MAX) : PAGE_SIZE_MAX;
}

/** Worst-case cost of one operation; other operations of the document do not count. */
export function operationCost(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Record<string, unknown>,
): number {
  return getComplexity({
    schema,
    query: document,
    variables,
    estimators,
    maxQueryNodes: SELECTIONS_MAX + 1,
    ...(operation.name === undefined ? {} : { operationName: operation.name.value }),
  });
}
