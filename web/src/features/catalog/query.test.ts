import fc from 'fast-check';
import { catalogAddress, readCatalogQuery, toggled } from './query.js';

const read = (address: string) => readCatalogQuery(new URL(address, 'http://host').searchParams);

test('an address says what it was made of', () => {
  const text = fc.string({ minLength: 1, maxLength: 40 }).filter((value) => value.trim() === value);
  fc.assert(
    fc.property(
      fc.record({
        search: text,
        tasks: fc.subarray(['FEATURE_EXTRACTION', 'IMAGE_CLASSIFICATION']),
        statuses: fc.subarray(['LIVE', 'COMING_SOON']),
        owners: fc.uniqueArray(text, { maxLength: 3 }),
        licenses: fc.uniqueArray(text, { maxLength: 3 }),
        size: fc.constantFrom(undefined, 'small', 'huge'),
        isPriced: fc.boolean(),
        order: fc.constantFrom(undefined, 'NAME', 'RELEVANCE'),
        after: fc.option(text, { nil: undefined }),
      }),
      (query) => {
        expect(read(catalogAddress(query))).toEqual(query);
      },
    ),
  );
});

test('what is unknown in an address is left out', () => {
  expect(catalogAddress(read('/models?status=NEW&size=tiny&order=RELEVANCE&x=1'))).toBe('/models');
  const long = 'x'.repeat(101);
  expect(catalogAddress(read(`/models?owner=${long}&license=${long}`))).toBe('/models');
});

test('a facet is chosen and given up', () => {
  expect(toggled(['a'], 'b')).toEqual(['a', 'b']);
  expect(toggled(['a', 'b'], 'a')).toEqual(['b']);
});
