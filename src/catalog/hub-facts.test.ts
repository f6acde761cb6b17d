import { followHub, toHubFacts } from './hub-facts.js';

const ANSWER = {
  id: 'owner/name',
  downloads: 1_000,
  likes: 7,
  lastModified: '2024-02-29T23:59:59.000Z',
  tags: ['clip', 'license:apache-2.0'],
  cardData: { license: 'mit' },
};
const FACTS = { downloadsPerMonth: 1_000, likes: 7, license: 'mit', updatedOn: '2024-02-29' };

test('an answer of the Hub gives downloads, likes, license and date', () => {
  expect(toHubFacts(ANSWER)).toEqual(FACTS);
});

test.each<[string, object, object]>([
  ['a license that is in the tags only', { cardData: undefined }, { license: 'apache-2.0' }],
  ['a card without a license', { cardData: {} }, { license: 'apache-2.0' }],
  ['a license that is a list', { cardData: { license: ['mit'] } }, { license: 'apache-2.0' }],
  ['a license that is none', { cardData: { license: 'See file' }, tags: [] }, { license: null }],
  ['tags that are no list', { tags: 'x', cardData: null }, { license: null }],
  ['downloads as a text', { downloads: '5' }, { downloadsPerMonth: null }],
  ['downloads below zero', { downloads: -5 }, { downloadsPerMonth: null }],
  ['downloads that no column holds', { downloads: 3e9 }, { downloadsPerMonth: null }],
  ['likes with a fraction', { likes: 1.5 }, { likes: null }],
  ['a date that is none', { lastModified: 'yesterday' }, { updatedOn: null }],
  [
    'a date of another zone',
    { lastModified: '2024-01-01T01:00:00+02:00' },
    { updatedOn: '2023-12-31' },
  ],
])('%s: the other facts are read all the same', (_what, over, wanted) => {
  expect(toHubFacts({ ...ANSWER, ...over })).toEqual({ ...FACTS, ...wanted });
});

test.each([[null], ['text'], [[]], [{}], [{ error: 'x' }]])('%j is no answer', (json) => {
  expect(toHubFacts(json)).toBeUndefined();
});

const NOTHING = { downloadsPerMonth: null, likes: null, license: null, updatedOn: null };

test('what the Hub said last is followed; what differs from it is an operator’s', () => {
  const current = { ...FACTS, license: 'other' };
  const now = { downloadsPerMonth: 2_000, likes: 8, license: 'bsd', updatedOn: '2025-01-01' };
  expect(followHub(current, FACTS, now)).toEqual({
    downloadsPerMonth: 2_000,
    likes: 8,
    updatedOn: '2025-01-01',
  });
});

test('what an operator cleared stays empty', () => {
  expect(followHub({ ...FACTS, license: null }, FACTS, { ...FACTS, license: 'mit' })).toEqual({});
});

test('what was never known is filled in, and nothing is emptied', () => {
  expect(followHub(NOTHING, {}, FACTS)).toEqual(FACTS);
  expect(followHub(FACTS, FACTS, { ...NOTHING, likes: 7 })).toEqual({});
});
