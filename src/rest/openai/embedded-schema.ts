import { isObject, type Json } from './json-schema.js';

/** Longer texts hold no schema that somebody wrote into a prompt. */
const CHARS_MAX = 100_000;

/**
 * A JSON schema that a text holds, from its first brace to its last: so clients ask for JSON of models that take no
 * schema.
 * @returns undefined when there is none
 */
export function schemaInText(text: string): Json | undefined {
  if (text.length > CHARS_MAX) return undefined;
  const json = text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1);
  if (!json.includes('"properties"')) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) && isObject(value.properties) ? value : undefined;
  } catch {
    return undefined;
  }
}
