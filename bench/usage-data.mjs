// Calls of 90 days by 100 accounts, written past the ledger. A few accounts make most of them, as it is in life:
// the n-th largest has about 1/n of what the largest has. Days have busy and quiet hours.
import { newId } from '../dist/platform/ids.js';

export const DAYS = 90;
export const ACCOUNTS = 100;
const KEYS_MAX = 8;
const CHUNKS = 40;

/** @returns the accounts, the largest first, and a key of the largest that may read */
export async function generate(db, events, end, say) {
  const accounts = Array.from({ length: ACCOUNTS }, () => newId('acct'));
  const start = new Date(end.getTime() - DAYS * 86_400_000);
  await db.query(
    `INSERT INTO account (id, kind, name, created_at) SELECT id, 'PERSONAL', 'Account ' || n, $2
       FROM unnest($1::text[]) WITH ORDINALITY AS a(id, n)`,
    [accounts, start],
  );
  await db.query(
    `INSERT INTO account_balance (account_id) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING`,
    [accounts],
  );
  const users = Array.from({ length: 4 }, () => newId('usr'));
  await db.query(
    `INSERT INTO app_user (id, name, email) SELECT id, 'Member ' || n, id || '@example.com'
       FROM unnest($1::text[]) WITH ORDINALITY AS u(id, n)`,
    [users],
  );
  await db.query(
    `INSERT INTO api_key (id, account_id, name, hash, prefix, last_four, scopes, created_by)
       SELECT 'key_' || substr(a.id, 6) || k, a.id, 'Key ' || k, sha256(convert_to(a.id || k, 'UTF8')), 'gr-', 'abcd',
              '{INFERENCE}', ($2::text[])[1 + k % 4]
         FROM unnest($1::text[]) AS a(id), generate_series(1, ${KEYS_MAX}) AS k`,
    [accounts, users],
  );
  // Built at the end, which is faster.
  const indexes = await db.query(
    `SELECT indexname AS name, indexdef AS definition FROM pg_indexes
      WHERE tablename = 'run' AND indexname <> 'run_pkey'`,
    [],
  );
  for (const { name } of indexes) await db.query(`DROP INDEX "${name}"`, []);
  const startedAt = performance.now();
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    const first = Math.floor((events * chunk) / CHUNKS);
    const last = Math.floor((events * (chunk + 1)) / CHUNKS) - 1;
    await db.query(INSERT, [accounts, first, last, events, start]);
    say(`${String(last + 1)} of ${String(events)} calls`);
  }
  for (const { definition } of indexes) await db.query(definition, []);
  await db.query('VACUUM ANALYZE', []);
  return { accounts, start, seconds: (performance.now() - startedAt) / 1_000 };
}

const INSERT = `
  INSERT INTO run (id, account_id, key_id, outcome, held, charged, details, started_at, ended_at)
  SELECT 'run_' || lpad(to_hex(n), 26, '0'), account, key, outcome, 400000, charged,
         format('{"operation": "%s", "model": "%s", "tier": "%s", "units": [{"unit": "IMAGE", "priceVersionId": "prc_01kat2p0000000000000000001", "nanosPerUnit": "200000", "requested": 1, "ran": %s}, {"unit": "LABEL_TEXT", "priceVersionId": "prc_01kat2p0000000000000000002", "nanosPerUnit": "10000", "requested": 8, "ran": %s}], "actor": "key:%s", "timingsMs": {"hold": 1.2, "queue": 0.4, "infer": 21.7}%s}',
                operation, model, tier, ran, ran * texts, key,
                CASE WHEN outcome = 'VOIDED' THEN ', "errorCode": "' || error || '"' ELSE '' END)::jsonb,
         ended_at - latency, ended_at
    FROM (
      SELECT n, account, key, tier, texts, error,
             (ARRAY['classifyImage', 'embedImages', 'embedTexts'])[1 + (k + (r4 < 0.2)::int) % 3] AS operation,
             (ARRAY['timm/ViT-SO400M-14-SigLIP-384', 'timm/ViT-B-16-SigLIP-384', 'google/siglip2-base-patch16-224',
                    'openai/clip-vit-large-patch14', 'gigarouter/demo-shapes'])[1 + (k + (r5 < 0.3)::int) % 5] AS model,
             (CASE WHEN r6 < 0.97 THEN 'CAPTURED' WHEN r6 < 0.999 THEN 'VOIDED' ELSE 'EXPIRED' END)::"RunOutcome" AS outcome,
             CASE WHEN r6 < 0.97 THEN ran * 200000 ELSE 0 END AS charged, ran,
             exp(ln(60.0) + 0.45 * sqrt(-2 * ln(1 - r7)) * cos(6.283185 * r8)) * interval '1 millisecond' AS latency,
             $5::timestamptz + (n + 0.8 * $4::float8 / ${DAYS} / 6.283185 * sin(6.283185 * n * ${DAYS} / $4::float8))
               / $4::float8 * interval '${DAYS} days' AS ended_at
        FROM (
          SELECT n, a.account, k, 'key_' || substr(a.account, 6) || k AS key,
                 CASE WHEN r3 < 0.05 THEN 'batch' ELSE 'standard' END AS tier,
                 (random() < 0.8)::int AS ran, (random() < 0.3)::int * 8 AS texts,
                 (ARRAY['OVERLOADED', 'DEADLINE_EXCEEDED', 'BAD_IMAGE', 'CANCELLED'])[1 + floor(random() * 4)::int] AS error,
                 random() AS r4, random() AS r5, random() AS r6, random() AS r7, random() AS r8
            FROM (
              SELECT n, ($1::text[])[least(${ACCOUNTS}, floor(exp(random() * ln(${ACCOUNTS + 1})))::int)] AS account,
                     least(${KEYS_MAX}, floor(exp(random() * ln(${KEYS_MAX + 1})))::int) AS k, random() AS r3
                FROM generate_series($2::bigint, $3::bigint) AS n
            ) a
        ) b
    ) c`;
