import { createHash } from 'node:crypto';
import type { BetterAuthOptions, DBAdapter, DBTransactionAdapter, Where } from 'better-auth';

/** Stored form: 64 hexadecimal digits. A token has 32 letters and digits, so neither can be taken for the other. */
const STORED = /^[0-9a-f]{64}$/;

type CreateAdapter = (options: BetterAuthOptions) => DBAdapter;

/** The form in which a session's token is stored: SHA-256, in hexadecimal. A token is random (190 bits), so no salt. */
export function hashSessionToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/**
 * Makes the identity library store hashes of session tokens, so that whoever reads the database cannot sign in with
 * what is there. The library has no option for it; all its access to sessions passes through here.
 */
export function withHashedSessionTokens(createAdapter: CreateAdapter): CreateAdapter {
  return (options) => {
    const adapter = createAdapter(options);
    return {
      ...adapter,
      ...hashing(adapter),
      transaction: (work) => adapter.transaction((tx) => work({ ...tx, ...hashing(tx) })),
    };
  };
}

/** The methods that the library uses on sessions; for any other model they do what they did. */
function hashing(
  adapter: DBTransactionAdapter,
): Pick<
  DBTransactionAdapter,
  'create' | 'findOne' | 'findMany' | 'update' | 'delete' | 'deleteMany'
> {
  return {
    // The token is answered once, to whoever signs in.
    create: async (query) => {
      const { token } = query.data as { token?: unknown };
      if (query.model !== 'session' || typeof token !== 'string') return adapter.create(query);
      const data = { ...query.data, token: hashSessionToken(token) };
      const row: object = await adapter.create({ ...query, data });
      return { ...row, token } as never;
    },
    findOne: async <Row>(query: Parameters<DBAdapter['findOne']>[0]) =>
      withToken(query, await adapter.findOne<Row>(hashed(query, presentedOnly))),
    update: async <Row>(query: Parameters<DBAdapter['update']>[0]) =>
      withToken(query, await adapter.update<Row>(hashed(query, presentedOnly))),
    findMany: <Row>(query: Parameters<DBAdapter['findMany']>[0]) =>
      adapter.findMany<Row>(hashed(query, presentedOrStored)),
    delete: (query) => adapter.delete(hashed(query, presentedOrStored)),
    deleteMany: (query) => adapter.deleteMany(hashed(query, presentedOrStored)),
  };
}

/** Where a session is looked up by what somebody presents: the stored form is not a token. */
const presentedOnly = hashSessionToken;

/** Where sessions that were listed are ended: the list has the stored form. */
const presentedOrStored = (token: string) => (STORED.test(token) ? token : hashSessionToken(token));

function hashed<Query extends { model: string; where?: Where[] | undefined }>(
  query: Query,
  hash: (token: string) => string,
): Query {
  if (query.model !== 'session' || query.where === undefined) return query;
  const where = query.where.map((one) => {
    if (one.field !== 'token') return one;
    if (typeof one.value === 'string') return { ...one, value: hash(one.value) };
    return Array.isArray(one.value)
      ? { ...one, value: one.value.map((token) => hash(String(token))) }
      : one;
  });
  return { ...query, where };
}

/** The library goes on with the token of the row that it gets, such as for the cookie: the presented one. */
function withToken<Row>(
  { model, where }: { model: string; where: Where[] },
  row: Row | null,
): Row | null {
  const token = where.find(({ field }) => field === 'token')?.value;
  return row === null || model !== 'session' || token === undefined ? row : { ...row, token };
}
