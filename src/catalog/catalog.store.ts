import type { Queryable } from '../platform/database.js';
import { decodePosition, encodePosition } from '../platform/cursor.js';
import type { ModelId, PriceVersionId } from '../platform/ids.js';

import type { Direction, ModelFilter, ModelOrder } from './model-order.js';
import type {
  Model,
  ModelPart,
  ModelStanding,
  ModelTask,
  PriceUnit,
  PriceVersion,
} from './model.js';
import { Binder, columns, sortKey, whereSql } from './model.sql.js';

/** Every function here sends exactly one statement, and reads only. */
type Parts = ReadonlySet<ModelPart>;

interface ModelRow extends Omit<Model, 'details' | 'prices'> {
  about?: string | null;
  specs?: { label: string; value: string }[];
  bestFor?: string[];
  faq?: { question: string; answer: string }[];
  snippets?: { title: string; language: string; code: string }[];
  prices?: {
    id: PriceVersionId;
    unit: PriceUnit;
    nanosPerUnit: string;
    effectiveFrom: string;
    withdrawn: boolean;
  }[];
}

export interface ModelPage {
  readonly models: readonly Model[];
  /** Places of the models in the list, for `bindCursor`. */
  readonly places: readonly string[];
  readonly hasNextPage: boolean;
}

/**
 * One page of a list, by keyset: rows that come and go elsewhere do not shift it.
 * @throws AppError BAD_USER_INPUT for what is no place in it.
 */
export async function listModels(
  db: Queryable,
  list: {
    filter: ModelFilter;
    order: ModelOrder;
    first: number;
    after: string | undefined;
    parts: Parts;
  },
): Promise<ModelPage> {
  const { filter, order, first } = list;
  const binder = new Binder();
  const key = sortKey(binder, order.field, filter);
  const where = whereSql(binder, filter);
  const after =
    list.after === undefined
      ? ''
      : ` AND ${afterSql(binder, key, order.direction, decodePosition(key.type, list.after))}`;

  const rows = await db.query<ModelRow & { sortKey: string | number | bigint | null }>(
    `SELECT ${columns(list.parts)}, ${key.sql} AS "sortKey" FROM model m
      WHERE ${where}${after}
      ORDER BY ${key.sql} ${order.direction} NULLS LAST, m.id LIMIT ${binder.bind(first + 1)}`,
    binder.values,
  );
  const shown = rows.slice(0, first);
  return {
    models: shown.map(toModel),
    places: shown.map(({ sortKey, id }) =>
      // Prices: exact in a cursor, as text.
      encodePosition({ key: typeof sortKey === 'bigint' ? String(sortKey) : sortKey, id }),
    ),
    hasNextPage: rows.length > first,
  };
}

/** The rows behind a position, with nulls last in both directions. */
function afterSql(
  binder: Binder,
  key: { sql: string; pgType: string },
  direction: Direction,
  position: { key: string | number | null; id: string },
): string {
  const id = binder.bind(position.id);
  if (position.key === null) return `(${key.sql} IS NULL AND m.id > ${id})`;
  const value = `${binder.bind(position.key)}::${key.pgType}`;
  const beyond = direction === 'ASC' ? '>' : '<';
  return `(${key.sql} ${beyond} ${value} OR (${key.sql} = ${value} AND m.id > ${id}) OR ${key.sql} IS NULL)`;
}

export async function countModels(db: Queryable, filter: ModelFilter): Promise<number> {
  const binder = new Binder();
  const where = whereSql(binder, filter);
  const [row] = await db.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM model m WHERE ${where}`,
    binder.values,
  );
  return row?.count ?? 0;
}

/** Models by slug, alias or id, whatever their status. @returns by the key that found them. */
export async function findModels(
  db: Queryable,
  keys: readonly string[],
  parts: Parts,
): Promise<Map<string, Model>> {
  const binder = new Binder();
  const list = binder.bind(keys);
  const rows = await db.query<ModelRow & { key: string }>(
    `SELECT k.key, ${columns(parts)}
       FROM unnest(${list}::text[]) AS k(key)
       LEFT JOIN model_alias a ON a.slug = k.key
       JOIN model m ON m.slug = k.key OR m.id = k.key OR m.id = a.model_id`,
    binder.values,
  );
  return new Map(rows.map((row) => [row.key, toModel(row)]));
}

/**
 * For each model those worth comparing with it, best first: what its file names, then models of the
 * same task by closeness in size (ratio of parameters), then by downloads. Proposed and retired ones are left out.
 */
export async function listRelatedModels(
  db: Queryable,
  ids: readonly ModelId[],
  first: number,
  parts: Parts,
): Promise<Map<ModelId, Model[]>> {
  const binder = new Binder();
  const list = binder.bind(ids);
  const limit = binder.bind(first);
  const rows = await db.query<ModelRow & { parentId: ModelId }>(
    `SELECT parent.id AS "parentId", related.*
       FROM model parent CROSS JOIN LATERAL (
         SELECT ${columns(parts)} FROM model m
          WHERE m.id <> parent.id AND m.status NOT IN ('PROPOSED', 'RETIRED')
            AND (m.task = parent.task OR m.slug = ANY(parent.related_slugs))
          ORDER BY array_position(parent.related_slugs, m.slug) NULLS LAST,
                   abs(ln(m.parameters::float8 / parent.parameters)) NULLS LAST,
                   m.downloads_per_month DESC NULLS LAST, m.id
          LIMIT ${limit}) related
      WHERE parent.id = ANY(${list}::text[])`,
    binder.values,
  );
  const byParent = new Map<ModelId, Model[]>(ids.map((id) => [id, []]));
  for (const row of rows) byParent.get(row.parentId)?.push(toModel(row));
  return byParent;
}

/** Where models stand; all of them without ids. */
export async function listStandings(
  db: Queryable,
  ids: readonly ModelId[] | undefined,
): Promise<ModelStanding[]> {
  return db.query<ModelStanding>(
    `SELECT id, slug, name, status, status_changed_at AS "statusChangedAt" FROM model
      WHERE $1::text[] IS NULL OR id = ANY($1::text[])`,
    [ids ?? null],
  );
}

export interface TaskCount {
  readonly task: ModelTask;
  readonly modelCount: number;
  readonly liveModelCount: number;
}

/** Tasks that have a model that is neither proposed nor retired, most models first. */
export async function countByTask(db: Queryable): Promise<TaskCount[]> {
  return db.query<TaskCount>(
    `SELECT m.task, count(*)::int AS "modelCount",
            (count(*) FILTER (WHERE m.status = 'LIVE'))::int AS "liveModelCount"
       FROM model m WHERE m.status NOT IN ('PROPOSED', 'RETIRED') GROUP BY m.task ORDER BY 2 DESC, 1`,
    [],
  );
}

/** Every price version of one model, past and to come, newest first. */
export async function listPriceVersions(
  db: Queryable,
  ids: readonly ModelId[],
): Promise<Map<ModelId, PriceVersion[]>> {
  const rows = await db.query<{
    modelId: ModelId;
    id: PriceVersionId;
    unit: PriceUnit;
    nanosPerUnit: string;
    effectiveFrom: Date;
    withdrawn: boolean;
  }>(
    `SELECT v.model_id AS "modelId", v.id, v.unit, v.nanos_per_unit AS "nanosPerUnit", v.effective_from AS "effectiveFrom",
            v.revision < max(v.revision) OVER (PARTITION BY v.model_id, v.unit, v.effective_from) AS withdrawn
       FROM price_version v WHERE v.model_id = ANY($1::text[])
      ORDER BY v.effective_from DESC, v.unit, v.revision DESC`,
    [ids],
  );
  const byModel = new Map<ModelId, PriceVersion[]>(ids.map((id) => [id, []]));
  for (const { modelId, ...row } of rows) {
    byModel.get(modelId)?.push({ ...row, nanosPerUnit: BigInt(row.nanosPerUnit) });
  }
  return byModel;
}

/** Price versions by their ids. */
export async function findPriceVersions(
  db: Queryable,
  ids: readonly string[],
): Promise<Map<string, PriceVersion>> {
  const rows = await db.query<PriceVersion & { nanosPerUnit: bigint }>(
    `SELECT v.id, v.unit, v.nanos_per_unit AS "nanosPerUnit", v.effective_from AS "effectiveFrom",
            EXISTS (SELECT FROM price_version o WHERE o.model_id = v.model_id AND o.unit = v.unit
                       AND o.effective_from = v.effective_from AND o.revision > v.revision) AS withdrawn
       FROM price_version v WHERE v.id = ANY($1::text[])`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

function toModel(row: ModelRow): Model {
  const { about, specs, bestFor, faq, snippets, prices, ...card } = row;
  return {
    ...card,
    ...(specs === undefined
      ? {}
      : {
          details: {
            about: about ?? null,
            specs,
            bestFor: bestFor ?? [],
            faq: faq ?? [],
            snippets: snippets ?? [],
          },
        }),
    ...(prices === undefined ? {} : { prices: prices.map(toPriceVersion) }),
  };
}

function toPriceVersion(row: NonNullable<ModelRow['prices']>[number]): PriceVersion {
  return {
    ...row,
    nanosPerUnit: BigInt(row.nanosPerUnit),
    effectiveFrom: new Date(row.effectiveFrom),
  };
}
