import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getArgumentValues,
  getIntrospectionQuery,
  getNamedType,
  getVariableValues,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  parse,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
} from 'graphql';
import { AppError } from '../errors.js';

/** Maximum size of an answer, as a multiple of what the query of graphql-js returns with every option on. */
const STANDARD_ANSWERS_MAX = 2.5;

/** Minimum charge per value: resolving a short value takes as long as resolving a long one. */
const VALUE_CHARACTERS_MIN = 32;

type MetaField = GraphQLField<unknown, unknown>;

/** Introspection root fields by name; only the query root has them. */
const META_FIELDS: ReadonlyMap<string, MetaField> = new Map([
  [SchemaMetaFieldDef.name, SchemaMetaFieldDef],
  [TypeMetaFieldDef.name, TypeMetaFieldDef],
]);

/** True for `__schema` and `__type`. */
export function isMetaField({ name }: FieldNode): boolean {
  return META_FIELDS.has(name.value);
}

/** @throws AppError QUERY_TOO_COMPLEX when the introspection part of the answer would be too large */
export type CheckIntrospection = (
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Record<string, unknown>,
) => void;

/**
 * Limits introspection by the size of its answer. The schema is fixed, so the size is computed before execution by
 * walking the schema the way execution would, and the walk stops at the limit. Counting fields and levels is not
 * enough: nine levels of `ofType` return almost nothing, while two levels of `fields` multiply (docs/decisions/0020).
 */
export function createIntrospectionCheck(schema: GraphQLSchema): CheckIntrospection {
  const standard = parse(
    getIntrospectionQuery({
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      schemaDescription: true,
      inputValueDeprecation: true,
      experimentalDirectiveDeprecation: true,
      oneOf: true,
    }),
  );
  const [operation] = standard.definitions as [OperationDefinitionNode];
  const size = new AnswerSize(standard, { schema, variables: {}, max: Infinity });
  size.add(operation);
  const max = Math.ceil(size.characters * STANDARD_ANSWERS_MAX);

  return (document, operation, variables) => {
    const options = { schema, variables: coerced(schema, operation, variables), max };
    new AnswerSize(document, options).add(operation);
  };
}

function coerced(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  variables: Record<string, unknown>,
): Record<string, unknown> {
  return variableDefinitions.length === 0
    ? {}
    : (getVariableValues(schema, variableDefinitions, variables).coerced ?? {});
}

/**
 * Upper bound of an answer's size in characters: deprecated elements always count, `@skip` and `@include` are ignored,
 * and duplicate selections count each time.
 */
class AnswerSize {
  characters = 0;
  private readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;

  constructor(
    document: DocumentNode,
    private readonly options: {
      readonly schema: GraphQLSchema;
      readonly variables: Record<string, unknown>;
      /** Characters. */
      readonly max: number;
    },
  ) {
    this.fragments = fragmentsOf(document);
  }

  /** @throws AppError QUERY_TOO_COMPLEX at the first character past the limit */
  add({ selectionSet }: OperationDefinitionNode): void {
    this.eachField(selectionSet, (node) => {
      const field = META_FIELDS.get(node.name.value);
      if (field === undefined) return;
      this.addField(node, field, undefined, getArgumentValues(field, node, this.options.variables));
    });
  }

  private addField(node: FieldNode, field: MetaField, source: unknown, args: object): void {
    const info = { schema: this.options.schema };
    const value: unknown = field.resolve?.(source, args, undefined, info as never);
    const type = getNamedType(field.type);
    const name = node.alias ?? node.name;
    this.count(name.value.length);
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one === null || one === undefined) continue;
      if (!isObjectType(type)) this.count(String(one).length);
      else if (node.selectionSet !== undefined) this.addObject(node.selectionSet, type, one);
    }
  }

  private addObject(set: SelectionSetNode, type: GraphQLObjectType, source: unknown): void {
    const fields = type.getFields();
    this.eachField(set, (node) => {
      const field = fields[node.name.value];
      if (field === undefined) this.count(node.name.value.length);
      else this.addField(node, field, source, { includeDeprecated: true });
    });
  }

  private eachField(set: SelectionSetNode, take: (node: FieldNode) => void): void {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) take(selection);
      else if (selection.kind === Kind.INLINE_FRAGMENT)
        this.eachField(selection.selectionSet, take);
      else {
        const fragment = this.fragments.get(selection.name.value);
        if (fragment !== undefined) this.eachField(fragment.selectionSet, take);
      }
    }
  }

  private count(characters: number): void {
    this.characters += Math.max(characters, VALUE_CHARACTERS_MIN);
    if (this.characters <= this.options.max) return;
    throw new AppError(
      'QUERY_TOO_COMPLEX',
      `The introspection response would exceed ${String(this.options.max)} characters. Ask for fewer types or fields, or send the query of graphql-js.`,
      { details: { limit: 'introspection characters', maximum: this.options.max } },
    );
  }
}

/** The fragments of a document, by name. */
export function fragmentsOf({
  definitions,
}: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  return new Map(
    definitions
      .filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  );
}
