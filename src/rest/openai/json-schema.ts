/** A JSON schema, or any other object: nothing about it is sure. */
export type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Looks no deeper than it has to: what is nested without end is no danger to it. */
export function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}

export function listOf(schema: Json, name: string): readonly unknown[] {
  const value = schema[name];
  return Array.isArray(value) ? value : [];
}

export function numberOf(schema: Json, name: string, otherwise: number): number {
  const value = schema[name];
  return typeof value === 'number' ? value : otherwise;
}

export function alternativesOf(schema: Json): readonly unknown[] {
  return [...listOf(schema, 'anyOf'), ...listOf(schema, 'oneOf')].filter(
    (option) => !isOnlyNull(option),
  );
}

/** What a text may be: an enum, or alternatives that are each a `const`. None when it may be anything else, but null. */
export function enumOf(schema: Json): string[] {
  const given =
    'enum' in schema
      ? listOf(schema, 'enum').filter((value) => value !== null)
      : alternativesOf(schema).map((option) => (isObject(option) ? option.const : undefined));
  const texts = given.filter((value) => typeof value === 'string');
  return texts.length === given.length ? [...new Set(texts)] : [];
}

/** A number that may be anything from 0 to 1. */
export function takesShare(schema: Json): boolean {
  return (
    typesOf(schema).includes('number') &&
    schema.enum === undefined &&
    schema.multipleOf === undefined &&
    numberOf(schema, 'minimum', 0) <= 0 &&
    numberOf(schema, 'maximum', 1) >= 1 &&
    numberOf(schema, 'exclusiveMinimum', -1) < 0 &&
    numberOf(schema, 'exclusiveMaximum', 2) > 1
  );
}

export function mayBeNull(schema: Json): boolean {
  const options = [...listOf(schema, 'anyOf'), ...listOf(schema, 'oneOf')];
  return typesOf(schema).includes('null') || options.some(isOnlyNull);
}

function isOnlyNull(schema: unknown): boolean {
  return isObject(schema) && (schema.type === 'null' || schema.const === null);
}

function typesOf(schema: Json): readonly unknown[] {
  return [schema.type].flat();
}
