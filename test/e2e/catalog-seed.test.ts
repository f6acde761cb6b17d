import { readCatalogFolder, seedCatalog } from '../../src/catalog/index.js';
import { readConfig } from '../../src/config/config.js';
import { type Database, openDatabase } from '../../src/platform/database.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

type CatalogFile = Awaited<ReturnType<typeof readCatalogFolder>>[number];

const SIGLIP = 'timm/ViT-SO400M-14-SigLIP-384';

let files: CatalogFile[];
let testDatabase: TestDatabase;
let database: Database;
beforeAll(async () => {
  files = await readCatalogFolder(readConfig({}).catalogDir);
});
beforeEach(async () => {
  testDatabase = await createTestDatabase({ seeded: false });
  database = open();
});
afterEach(async () => {
  await database.close();
  await testDatabase.drop();
});

const open = () =>
  openDatabase({
    url: testDatabase.url,
    connectionsMax: 2,
    statementTimeoutMs: 60_000,
    connectTimeoutMs: 60_000,
  });
const seed = (wanted: readonly CatalogFile[] = files, on: Database = database) =>
  seedCatalog(on, wanted);
/** The files, with one model's facts replaced. */
const changed = (facts: Partial<CatalogFile>) =>
  files.map((file) => (file.slug === SIGLIP ? { ...file, ...facts } : file));
const everything = async () => ({
  models: await testDatabase.query('SELECT * FROM model ORDER BY slug'),
  aliases: await testDatabase.query('SELECT * FROM model_alias ORDER BY 1, 2'),
  prices: await testDatabase.query('SELECT * FROM price_version ORDER BY 1'),
});
const siglip = async () =>
  (
    await testDatabase.query<Record<string, unknown>>(
      `SELECT * FROM model WHERE slug = '${SIGLIP}'`,
    )
  )[0];
const edit = (assignment: string) =>
  testDatabase.query(`UPDATE model SET ${assignment} WHERE slug = '${SIGLIP}'`);

test('a second seeding changes nothing', async () => {
  expect(await seed()).toEqual({ added: files.length, updated: 0, unchanged: 0, kept: [] });
  const before = await everything();
  expect(await seed()).toEqual({ added: 0, updated: 0, unchanged: files.length, kept: [] });
  expect(await everything()).toEqual(before);
});

test('processes that seed at the same time add each model once', async () => {
  const others = [open(), open(), open()];
  try {
    const results = await Promise.all([database, ...others].map((one) => seed(files, one)));
    expect(results.map(({ added }) => added).sort((a, b) => a - b)).toEqual([
      0,
      0,
      0,
      files.length,
    ]);
  } finally {
    await Promise.all(others.map((other) => other.close()));
  }
});

test('a field follows its file until an operator writes it', async () => {
  await seed();
  await edit(`summary = 'The operator’s words.'`);
  const summary = await seed(changed({ summary: 'New words.', downloadsPerMonth: 1_000_000 }));
  expect(summary).toMatchObject({ updated: 1, kept: [`${SIGLIP}: summary`] });
  expect(await siglip()).toMatchObject({
    summary: 'The operator’s words.',
    downloads_per_month: 1_000_000,
  });
  // And still, when the same file comes again.
  await seed(changed({ summary: 'Newest words.', downloadsPerMonth: 1_000_000 }));
  expect(await siglip()).toMatchObject({ summary: 'The operator’s words.' });
});

test('a status that an operator set outlives every seeding', async () => {
  await seed();
  await edit(`status = 'LIVE'`);
  await seed();
  await seed(changed({ status: 'DEPRECATED' }));
  expect(await siglip()).toMatchObject({ status: 'LIVE' });
});

test('a model that an operator removed stays away', async () => {
  await seed();
  const [gone] = files.filter(({ prices, aliases }) => prices.length + aliases.length === 0);
  await testDatabase.query('DELETE FROM model WHERE slug = $1', [gone?.slug]);
  expect(await seed()).toMatchObject({ added: 0 });
  expect(await testDatabase.query('SELECT FROM model WHERE slug = $1', [gone?.slug])).toEqual([]);
});

describe('prices', () => {
  const first = {
    unit: 'IMAGE',
    nanosPerUnit: '200000',
    effectiveFrom: '2026-01-01T00:00:00Z',
  } as const;

  test('that were published are refused another figure, and nothing of the seeding stays', async () => {
    await seed(changed({ prices: [first] }));
    const before = await everything();
    const attempt = seed(
      changed({ summary: 'New words.', prices: [{ ...first, nanosPerUnit: '100000' }] }),
    );
    await expect(attempt).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringMatching(/prices: IMAGE .* was published as 200000/) as string,
    });
    expect(await everything()).toEqual(before);
  });

  test('get later versions beside the earlier ones', async () => {
    await seed(changed({ prices: [first] }));
    const later = { ...first, nanosPerUnit: '150000', effectiveFrom: '2026-07-01T00:00:00Z' };
    expect(await seed(changed({ prices: [first, later] }))).toMatchObject({ updated: 1 });
    const rows = await testDatabase.query<{ nanos_per_unit: string }>(
      `SELECT nanos_per_unit::text FROM price_version p JOIN model m ON m.id = p.model_id WHERE m.slug = '${SIGLIP}' ORDER BY effective_from`,
    );
    expect(rows.map((row) => row.nanos_per_unit)).toEqual(['200000', '150000']);
  });
});
