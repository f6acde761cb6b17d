import { buildSchema } from 'graphql';
import { checkSchema } from './schema-walk.js';

describe('checkSchema', () => {
  const check = (description: string) => () => {
    checkSchema(
      buildSchema(`
        "Key of an account."
        type Key { ${description === '' ? '' : JSON.stringify(description)} name: String }
        "Read operations."
        type Query { "Key that the caller sent." key: Key }
      `),
    );
  };

  it.each([
    ['', 'Key.name: no description'],
    ['The name.', 'Key.name: description is shorter than 15 characters'],
    ['Name of the API key', 'Key.name: description does not end with a period'],
    ['What it is called.', 'Key.name: description must start with a noun'],
    ['Its name in the list.', 'Key.name: description must start with a noun'],
  ])('rejects the description "%s"', (description, fault) => {
    expect(check(description)).toThrow(fault);
  });

  it('accepts a noun phrase that ends with a period', () => {
    // The root field states neither scope nor cost: that fault is the only kind left.
    expect(check('Name of the API key.')).toThrow(/scope/);
    expect(check('Name of the API key.')).not.toThrow(/description/);
  });
});
