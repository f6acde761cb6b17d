import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { temporaryFolder } from '../../test/support/folder.js';
import { parseCatalogFile, readCatalogFolder } from './catalog-file.js';

const VALID = {
  slug: 'owner/name',
  name: 'Name',
  task: 'IMAGE_CLASSIFICATION',
  status: 'LIVE',
  summary: 'A model.',
  publishedOn: '2023-10',
  updatedOn: null,
  downloadsPerMonth: null,
  apiProviders: 0,
  license: null,
  parameters: null,
  imageSizePx: null,
  patchSizePx: null,
  about: null,
  specs: [],
  bestFor: [],
  faq: [],
  snippets: [],
};
const problemsOf = (content: string) => {
  const parsed = parseCatalogFile(content);
  return parsed.ok ? [] : parsed.problems;
};

test('a valid file is read, with what may be left out filled in', () => {
  expect(parseCatalogFile(stringify(VALID))).toEqual({
    ok: true,
    file: { ...VALID, aliases: [], relatedSlugs: [], prices: [] },
  });
});

test.each<[string, unknown, string]>([
  ['slug', 'noslash', 'slug: must look like owner/name'],
  ['slug', '../etc/passwd', 'slug: must look like owner/name'],
  ['publishedOn', '2023-13', 'publishedOn: must be YYYY'],
  ['publishedOn', 2023, 'publishedOn: '],
  ['parameters', -1, 'parameters: '],
  ['parameters', 1e300, 'parameters: '],
  ['status', 'SOON', 'status: '],
  ['summary', '   ', 'summary: '],
  ['license', 'Apache 2', 'license: must be a lower-case license identifier'],
  ['specs', [{ label: 'a' }], 'specs.0.value: '],
  ['faq', [{ question: 'a', answer: 'b', by: 'c' }], 'faq.0: '],
  [
    'prices',
    [{ unit: 'IMAGE', nanosPerUnit: 200000, effectiveFrom: '2026-01-01T00:00:00Z' }],
    'prices.0.nanosPerUnit: ',
  ],
  [
    'prices',
    [{ unit: 'IMAGE', nanosPerUnit: '-1', effectiveFrom: '2026-01-01T00:00:00Z' }],
    'prices.0.nanosPerUnit: must be integer nano-USD',
  ],
  ['color', 'red', 'file: Unrecognized key: "color"'],
])('%s: %j is refused by its name', (field, value, problem) => {
  const problems = problemsOf(stringify({ ...VALID, [field]: value }));
  expect(problems[0]).toContain(problem);
  expect(new Set(problems.map((one) => one.split(':')[0])).size).toBe(1);
});

test('a forgotten fact is seen: unknown is written as null', () => {
  expect(problemsOf(stringify({ ...VALID, license: undefined }))[0]).toMatch(/^license: /);
});

test('several problems are reported together', () => {
  expect(problemsOf(stringify({ ...VALID, slug: 'x', status: 'x', name: '' }))).toHaveLength(3);
});

test.each([
  ['broken YAML', 'slug: [a', /line 1/],
  ['an empty file', '', /^file: /],
  ['a list', '- a', /^file: /],
])('%s is refused', (_name, content, problem) => {
  expect(problemsOf(content)[0]).toMatch(problem);
});

test('anchors that grow without end are refused, not expanded', () => {
  const lines = ['a0: &a0 [x, x]'];
  for (let i = 1; i < 30; i += 1)
    lines.push(`a${String(i)}: &a${String(i)} [*a${String(i - 1)}, *a${String(i - 1)}]`);
  expect(() => parseCatalogFile(lines.join('\n'))).toThrow(/alias/i);
});

describe('a folder', () => {
  const folder = temporaryFolder();
  afterAll(() => {
    folder.remove();
  });
  const write = (name: string, content: object) => {
    writeFileSync(path.join(folder.path, name), stringify(content));
  };

  test('is refused as a whole, each problem with its file and field', async () => {
    write('a.yaml', { ...VALID, aliases: ['old/name'] });
    write('b.yaml', { ...VALID, slug: 'old/name' });
    write('c.yaml', { ...VALID, slug: 'x/y', status: 'SOON' });
    await expect(readCatalogFolder(folder.path)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(
        /b\.yaml: slug: "old\/name" is also claimed by a\.yaml[^]*c\.yaml: status: /,
      ) as string,
    });
  });
});
