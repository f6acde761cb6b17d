import { printSchemaWithDirectives } from '@graphql-tools/utils';
import {
  DirectiveLocation,
  getNamedType,
  type GraphQLArgument,
  GraphQLDirective,
  type GraphQLField,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  type GraphQLSchema,
  GraphQLString,
  isInterfaceType,
  isObjectType,
  isRequiredArgument,
  lexicographicSortSchema,
} from 'graphql';
import type { ComplexityEstimator } from 'graphql-query-complexity';
import type { Access } from './access.js';
import { PAGE_SIZE_MAX } from './pagination.js';
import { isOperatorPart } from './public-schema.js';

const required = <T extends ConstructorParameters<typeof GraphQLNonNull>[0]>(type: T) =>
  new GraphQLNonNull(type);
const strings = required(new GraphQLList(required(GraphQLString)));

/** Rules that the server enforces, shown where code generators and reviewers read them. They are printed, never executed. */
export const DIRECTIVES = [
  new GraphQLDirective({
    name: 'requiresScopes',
    description: 'Scopes that the caller needs for the field; any one of the outer list is enough.',
    locations: [DirectiveLocation.FIELD_DEFINITION],
    args: {
      scopes: {
        type: required(new GraphQLList(strings)),
        description: 'Alternatives; each is a list of scopes that are all required.',
      },
    },
  }),
  new GraphQLDirective({
    name: 'cost',
    description:
      'Cost of the field, in points, without what is selected in it; an object selected in it costs 1 and its own fields.',
    locations: [DirectiveLocation.FIELD_DEFINITION],
    args: { weight: { type: required(GraphQLString), description: 'Number of points.' } },
  }),
  new GraphQLDirective({
    name: 'listSize',
    description: 'The cost of the field grows with the number of items that the caller asks for.',
    locations: [DirectiveLocation.FIELD_DEFINITION],
    args: {
      slicingArguments: {
        type: new GraphQLList(required(GraphQLString)),
        description: 'Arguments that limit the number of items.',
      },
      sizedFields: {
        type: new GraphQLList(required(GraphQLString)),
        description: 'Fields of the result that have that many items; the result itself if absent.',
      },
    },
  }),
  new GraphQLDirective({
    name: 'constraint',
    description: 'Range of a value. The server rejects others with BAD_USER_INPUT.',
    locations: [DirectiveLocation.ARGUMENT_DEFINITION, DirectiveLocation.INPUT_FIELD_DEFINITION],
    args: {
      min: { type: GraphQLInt, description: 'Smallest accepted number.' },
      max: { type: GraphQLInt, description: 'Largest accepted number.' },
    },
  }),
  new GraphQLDirective({
    name: 'tag',
    description: 'Group that a part of the schema belongs to, such as `operator`.',
    isRepeatable: true,
    locations: [
      DirectiveLocation.FIELD_DEFINITION,
      DirectiveLocation.OBJECT,
      DirectiveLocation.INPUT_OBJECT,
      DirectiveLocation.ENUM,
      DirectiveLocation.SCALAR,
      DirectiveLocation.INTERFACE,
      DirectiveLocation.UNION,
    ],
    args: { name: { type: required(GraphQLString), description: 'Name of the group.' } },
  }),
];

type Uses = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** States on each part of the schema the directives that follow from what the server enforces. */
export function stateDirectives(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue;
    state(type, tagOf(type));
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      state(field, { ...scopesOf(field), ...costOf(field), ...listSizeOf(field), ...tagOf(field) });
      if (getNamedType(field.type).name.endsWith('Connection')) field.args.forEach(statePageSize);
    }
  }
}

/** The schema as SDL in a stable order, with its directives. */
export function printWithDirectives(schema: GraphQLSchema): string {
  return printSchemaWithDirectives(lexicographicSortSchema(schema));
}

function state(part: { extensions: object }, directives: Uses): void {
  if (Object.keys(directives).length > 0) part.extensions = { ...part.extensions, directives };
}

function tagOf(part: { extensions: Readonly<Record<string, unknown>> }): Uses {
  return isOperatorPart(part) ? { tag: { name: 'operator' } } : {};
}

function scopesOf({ extensions }: GraphQLField<unknown, unknown>): Uses {
  const scope = (extensions.access as Access | undefined)?.scope;
  return scope === undefined || scope === 'public' ? {} : { requiresScopes: { scopes: [[scope]] } };
}

/** Left out where it depends on arguments that have no default. */
function costOf({ extensions, args, type }: GraphQLField<unknown, unknown>): Uses {
  const complexity = extensions.complexity as ComplexityEstimator | number | undefined;
  if (complexity === undefined || args.some(isRequiredArgument)) return {};
  const given = Object.fromEntries(args.map(({ name, defaultValue }) => [name, defaultValue]));
  const isList = args.some(isPageSize);
  const points =
    typeof complexity === 'number'
      ? complexity
      : complexity({ args: { ...given, first: 1 }, childComplexity: 0, type } as never);
  // The one item of that page is counted by @listSize.
  return points == null ? {} : { cost: { weight: String(points - (isList ? 1 : 0)) } };
}

function listSizeOf({ args, type }: GraphQLField<unknown, unknown>): Uses {
  if (!args.some(isPageSize)) return {};
  const named = getNamedType(type);
  const fields = isObjectType(named) ? Object.keys(named.getFields()) : [];
  const sized = ['edges', 'nodes'].filter((name) => fields.includes(name));
  const sizedFields = sized.length === 0 ? {} : { sizedFields: sized };
  return { listSize: { slicingArguments: ['first'], ...sizedFields } };
}

/** Connections share one range (pagination.ts); short lists have their own. */
function statePageSize(argument: GraphQLArgument): void {
  if (isPageSize(argument)) state(argument, { constraint: { min: 1, max: PAGE_SIZE_MAX } });
}

function isPageSize({ name }: GraphQLArgument): boolean {
  return name === 'first';
}
