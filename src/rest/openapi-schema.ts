import { z } from 'zod';

/** What JSON Schema says of a zod schema. @param io what may be sent, or what comes back */
export function schemaOf(schema: z.ZodType, io: 'input' | 'output'): object {
  const all = z.toJSONSchema(schema, { io, target: 'draft-2020-12', unrepresentable: 'any' });
  // The document says for all of them which JSON Schema it is.
  return Object.fromEntries(Object.entries(all).filter(([name]) => name !== '$schema'));
}

/** The properties of an object's schema, by name, and which of them are required. */
export function propertiesOf(schema: z.ZodType | undefined): {
  readonly properties: Readonly<Record<string, object>>;
  readonly required: readonly string[];
} {
  if (schema === undefined) return { properties: {}, required: [] };
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, object>;
    required?: readonly string[];
  };
  return { properties, required };
}
