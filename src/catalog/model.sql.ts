import { AppError } from '../errors.js';
import { type ModelFilter, type ModelOrderField, searchWords } from './model-order.js';
import type { ModelPart } from './model.js';

/** Columns of a model named as in its record; `m` is the table. `float8` holds counts exactly up to 2⁵³. */
const CARD_COLUMNS = `
  m.id, m.slug, m.name, m.owner, m.task, m.status, m.status_changed_at AS "statusChangedAt", m.summary,
  m.published_on AS "publishedOn", m.updated_on AS "updatedOn", m.downloads_per_month AS "downloadsPerMonth",
  m.likes, coalesce(m.served_as, m.slug) AS "servedAs",
  m.api_providers AS "apiProviders", m.license, m.parameters::float8 AS parameters,
  m.image_size_px AS "imageSizePx", m.patch_size_px AS "patchSizePx"`;

const PART_COLUMNS: Readonly<Record<ModelPart, string>> = {
  details: `m.about, m.specs, m.best_for AS "bestFor", m.faq, m.snippets`,
  aliases: `ARRAY(SELECT a.slug FROM model_alias a WHERE a.model_id = m.id ORDER BY a.slug) AS aliases`,
  prices: `(
    SELECT coalesce(json_agg(p ORDER BY p.unit), '[]') FROM (
      SELECT DISTINCT ON (v.unit) v.id, v.unit, v.nanos_per_unit::text AS "nanosPerUnit",
             v.effective_from AS "effectiveFrom", false AS withdrawn
        FROM price_version v WHERE v.model_id = m.id AND v.effective_from <= db_now()
       ORDER BY v.unit, v.effective_from DESC, v.revision DESC) p) AS prices`,
};

/** Collects the values of a statement; `bind` returns the placeholder of one. */
export class Binder {
  readonly values: unknown[] = [];

  bind(value: unknown): string {
    return `$${String(this.values.push(value))}`;
  }
}

/** The select list for the card and the parts that were asked for. */
export function columns(parts: ReadonlySet<ModelPart>): string {
  const extra = [...parts].sort().map((part) => PART_COLUMNS[part]);
  return [CARD_COLUMNS, ...extra].join(', ');
}

/** The conditions of a filter as one expression; `true` when there are none. */
export function whereSql(binder: Binder, filter: ModelFilter): string {
  // PostgreSQL refuses a text with a NUL in it; nothing has one.
  const any = (column: string, type: string, values: readonly string[]) =>
    `${column} = ANY(${binder.bind(values.filter((value) => !value.includes('\0')))}::${type})`;
  const conditions = [
    filter.statuses === undefined
      ? `m.status NOT IN ('PROPOSED', 'RETIRED')`
      : any('m.status', '"ModelStatus"[]', filter.statuses),
    ...(filter.tasks === undefined ? [] : [any('m.task', '"ModelTask"[]', filter.tasks)]),
    ...(filter.licenses === undefined ? [] : [any('m.license', 'text[]', filter.licenses)]),
    ...(filter.owners === undefined ? [] : [any('m.owner', 'text[]', filter.owners)]),
    ...(filter.parametersMin === undefined
      ? []
      : [`m.parameters >= ${binder.bind(filter.parametersMin)}::bigint`]),
    ...(filter.parametersMax === undefined
      ? []
      : [`m.parameters <= ${binder.bind(filter.parametersMax)}::bigint`]),
    ...(filter.hasPrice === undefined ? [] : [hasPrice(filter.hasPrice)]),
    ...(filter.search === undefined
      ? []
      : searchWords(filter.search).map((word) => containsWord(binder, word))),
  ];
  return conditions.join(' AND ');
}

function hasPrice(wanted: boolean): string {
  const exists = `EXISTS (SELECT FROM price_version v WHERE v.model_id = m.id AND v.effective_from <= db_now())`;
  return wanted ? exists : `NOT ${exists}`;
}

const SEARCH_TEXT = 'model_search_text(m.slug, m.name, m.summary)';

/**
 * How much of a word has to occur in a text. One that is typed wrongly in one place of six shares about half of its
 * trigrams; PostgreSQL's own threshold is 0.6.
 */
const WORD_SIMILARITY_MIN = '0.45';

/**
 * As it stands, or close to a word of the text by its trigrams; the trigram index serves both. `<%` reads its threshold
 * from the session, which a pooler lends to others: the statement sets it for itself, before it has the word to compare.
 */
function containsWord(binder: Binder, word: string): string {
  const escaped = word.replaceAll(/[\\%_]/g, '\\$&');
  const close = `(SELECT CASE WHEN set_config('pg_trgm.word_similarity_threshold', '${WORD_SIMILARITY_MIN}', true) <> ''
                              THEN ${binder.bind(word)}::text END)`;
  return `(${SEARCH_TEXT} LIKE ${binder.bind(`%${escaped}%`)} OR ${close} <% ${SEARCH_TEXT})`;
}

/** The value that a list is sorted by, and its type in a cursor. */
export function sortKey(
  binder: Binder,
  field: ModelOrderField,
  filter: ModelFilter,
): { sql: string; pgType: string; type: 'string' | 'number' } {
  switch (field) {
    case 'DOWNLOADS':
      return { sql: 'm.downloads_per_month', pgType: 'int', type: 'number' };
    case 'NEWEST':
      return { sql: 'm.published_on', pgType: 'text', type: 'string' };
    case 'NAME':
      return { sql: 'lower(m.name)', pgType: 'text', type: 'string' };
    case 'PARAMETERS':
      return { sql: 'm.parameters::float8', pgType: 'float8', type: 'number' };
    case 'PRICE':
      return {
        sql: `(SELECT v.nanos_per_unit FROM price_version v
                WHERE v.model_id = m.id AND v.unit = 'IMAGE' AND v.effective_from <= db_now()
                ORDER BY v.effective_from DESC, v.revision DESC LIMIT 1)`,
        pgType: 'bigint',
        type: 'string',
      };
    case 'DEMAND':
      return { sql: 'm.request_count', pgType: 'int', type: 'number' };
    case 'RELEVANCE': {
      const words = searchWords(filter.search ?? '');
      if (words.length === 0) {
        throw new AppError(
          'BAD_USER_INPUT',
          'Ordering by RELEVANCE requires a search with at least one word.',
          {
            details: { argument: 'orderBy' },
          },
        );
      }
      // Thousandths, as integers: they compare and travel in a cursor without rounding.
      const scores = words.map((word) => `word_similarity(${binder.bind(word)}, ${SEARCH_TEXT})`);
      return { sql: `round(1000 * (${scores.join(' + ')}))::int`, pgType: 'int', type: 'number' };
    }
  }
}
