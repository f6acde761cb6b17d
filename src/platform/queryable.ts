import pg from 'pg';
import { Prisma } from './prisma/client.js';

/** Where SQL goes: the pool, or a transaction. A row has the same types from either (`COLUMN_TYPES`). */
export interface Queryable {
  /**
   * Rows of one statement; `values` bind to $1, $2 … Outside of a transaction it is prepared once per connection.
   * @param options `plannedAnew`: not prepared, for a statement whose best plan depends on its values
   * @throws AppError UPSTREAM_UNAVAILABLE when the database cannot be asked; INSUFFICIENT_STORAGE when its disk is full
   */
  query<Row extends object>(
    sql: string,
    values: readonly unknown[],
    options?: { readonly plannedAnew: true },
  ): Promise<Row[]>;
  /** As `query`, for a statement whose rows do not matter. @returns how many rows it changed */
  execute(sql: string, values: readonly unknown[]): Promise<number>;
}

/** Tables, as Prisma has them, outside of transactions or in one. */
export type Tables = Prisma.TransactionClient;

/** A transaction: Prisma for rows as `schema.prisma` describes them, `query` for what Prisma cannot say. */
export type Transaction = Tables & Queryable;

const INT8 = 20;
const INT8_ARRAY = 1016;

/** Its types know the built-in types only. */
const parserOf = pg.types.getTypeParser as (
  oid: number,
  format: 'text',
) => (text: string) => unknown;

/**
 * What a column becomes: int8 a bigint, numeric a string, timestamptz a Date, bytea a Buffer, json what it holds, all else
 * what its nature says.
 */
export const COLUMN_TYPES: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format: 'text') => {
    if (oid === INT8) return BigInt;
    const parse: (text: string) => unknown = parserOf(oid, format);
    if (oid !== INT8_ARRAY) return parse;
    return (text: string) =>
      (parse(text) as (string | null)[]).map((value) => (value === null ? null : BigInt(value)));
  }) as pg.CustomTypesConfig['getTypeParser'],
};

/** Prisma's transaction, with the door to SQL. */
export function withQueries(tx: Tables): Transaction {
  const queries: Queryable = {
    query: async <Row extends object>(sql: string, values: readonly unknown[]) => {
      const rows = await tx.$queryRawUnsafe<Record<string, unknown>[]>(sql, ...values);
      return rows.map(toPlainRow) as Row[];
    },
    execute: (sql, values) => tx.$executeRawUnsafe(sql, ...values),
  };
  return new Proxy(tx as Transaction, {
    get: (target, name) => Reflect.get(name in queries ? queries : target, name) as unknown,
  });
}

/** Prisma has types of its own for two of them. */
function toPlainRow(row: Record<string, unknown>): object {
  for (const [name, value] of Object.entries(row)) {
    if (Prisma.Decimal.isDecimal(value)) row[name] = value.toFixed();
    else if (value instanceof Uint8Array)
      row[name] = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
  return row;
}
