/*
 * Introspection queries of tools that do not send the query of the installed graphql-js. Each has the form that the
 * named tools send, or sent in versions still in use.
 */

/** Selection of a type reference with `depth` nested `ofType` levels. */
function typeRef(depth: number, fields = 'kind name'): string {
  return `${fields}${depth === 0 ? '' : ` ofType { ${typeRef(depth - 1, fields)} }`}`;
}

/** The query of graphql-js up to 15: no `specifiedByURL`, no deprecated inputs, references of seven levels. */
const CLASSIC = `
  query IntrospectionQuery {
    __schema {
      queryType { name }
      mutationType { name }
      subscriptionType { name }
      types { ...FullType }
      directives { name description locations args { ...InputValue } }
    }
  }
  fragment FullType on __Type {
    kind
    name
    description
    fields(includeDeprecated: true) {
      name
      description
      args { ...InputValue }
      type { ...TypeRef }
      isDeprecated
      deprecationReason
    }
    inputFields { ...InputValue }
    interfaces { ...TypeRef }
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
    possibleTypes { ...TypeRef }
  }
  fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
  fragment TypeRef on __Type { ${typeRef(7)} }`;

/** Selects `__typename` in every object, as clients with a normalized cache do. */
function withTypeNames(query: string): string {
  return query.replaceAll(/\{(?!\s*__schema)/g, '{ __typename ');
}

const INLINE = `{
  __schema {
    queryType { name }
    mutationType { name }
    types {
      kind name description
      fields(includeDeprecated: true) {
        name description
        args { name description defaultValue type { ${typeRef(4)} } }
        type { ${typeRef(4)} }
      }
      inputFields { name description defaultValue type { ${typeRef(4)} } }
      enumValues(includeDeprecated: true) { name }
      possibleTypes { name }
    }
  }
}`;

const POSSIBLE_TYPES_IN_REFERENCES = `
  query IntrospectionQuery { __schema { queryType { name } types { ...FullType } } }
  fragment FullType on __Type {
    kind name description
    fields(includeDeprecated: true) { name args { ...InputValue } type { ...TypeRef } isDeprecated }
    inputFields { ...InputValue }
    interfaces { ...TypeRef }
    possibleTypes { ...TypeRef }
  }
  fragment InputValue on __InputValue { name type { ...TypeRef } defaultValue }
  fragment TypeRef on __Type { ${typeRef(7, 'kind name possibleTypes { kind name }')} }`;

/** Probes which parts of the introspection schema the server supports. */
const FEATURES = `
  query SupportedFeatures {
    directive: __type(name: "__Directive") { fields { name } }
    field: __type(name: "__Field") { fields { name args { name } } }
    input: __type(name: "__InputValue") { fields { name } }
    type: __type(name: "__Type") { fields { name args { name } } }
  }`;

const WITH_VARIABLES = `
  query IntrospectionQuery($includeDeprecated: Boolean = true) {
    __schema {
      queryType { name }
      types {
        kind name description
        fields(includeDeprecated: $includeDeprecated) {
          name description isDeprecated deprecationReason
          args(includeDeprecated: $includeDeprecated) { name type { ${typeRef(9)} } }
          type { ${typeRef(9)} }
        }
      }
    }
  }`;

/** Queries by the tools that send them. */
export const INTROSPECTION_QUERIES: Readonly<Record<string, string>> = {
  'graphql-js up to 15: Altair, Insomnia, Postman, older codegen': CLASSIC,
  'with __typename everywhere: Apollo Client, Apollo Sandbox': withTypeNames(CLASSIC),
  'without subscriptions: the second attempt of GraphiQL': CLASSIC.replace(
    'subscriptionType { name }',
    '',
  ),
  'repeatable directives and scalar specifications: Rover, graphql-client': CLASSIC.replace(
    'name description locations',
    'name description isRepeatable locations',
  ).replace('kind\n    name', 'kind\n    name specifiedByURL'),
  'without fragments: generators in Go and Dart': INLINE,
  'possible types in every reference: page builders': POSSIBLE_TYPES_IN_REFERENCES,
  'a probe of the meta-schema: gql.tada, Houdini': FEATURES,
  'deprecated parts by a variable: graphql-inspector, .NET clients': WITH_VARIABLES,
  'the roots alone: health checks of gateways': '{ __schema { queryType { name } } __typename }',
};
