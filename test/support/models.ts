import type { TestDatabase } from './database.js';

export interface ModelRow {
  slug: string;
  id?: string;
  name?: string;
  task?: string;
  status?: string;
  summary?: string;
  published_on?: string | null;
  downloads_per_month?: number | null;
  license?: string | null;
  parameters?: number | null;
  related_slugs?: string[];
}

let count = 0;

/** Inserts one model past the application; what is left out is dull. @returns its id. */
export async function insertModel(database: TestDatabase, row: ModelRow): Promise<string> {
  count += 1;
  const [owner = 'owner', name = row.slug] = row.slug.split('/');
  const all = {
    id: `mdl_${String(count).padStart(6, '0')}`,
    name,
    owner,
    task: 'ZERO_SHOT_IMAGE_CLASSIFICATION',
    status: 'COMING_SOON',
    summary: 'A model.',
    ...row,
  };
  const columns = Object.keys(all);
  await database.query(
    `INSERT INTO model (${columns.join(', ')})
     VALUES (${columns.map((_column, index) => `$${String(index + 1)}`).join(', ')})`,
    Object.values(all),
  );
  return all.id;
}
