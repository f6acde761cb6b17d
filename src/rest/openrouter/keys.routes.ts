import { z } from 'zod';
import type { ApiKey, CapPeriod, KeysService, KeyScope } from '../../accounts/index.js';
import { AppError } from '../../errors.js';
import type { KeyId } from '../../platform/ids.js';
import type { UsageService } from '../../usage/index.js';
import type { Call } from '../call.js';
import { fromUsdNumber } from '../money.js';
import { route, type Route } from '../route.js';
import { KeyObject, PERIOD_OF_RESET, toKeyObject } from './key-object.js';
import { openrouter } from './openrouter.dialect.js';

/** Keys in one answer, as OpenRouter pages them. */
const PAGE = 100;

const Limit = z.number().min(0).max(1_000_000_000).nullable().optional().meta({
  description: 'Most that it may spend, in US dollars; null: no limit of its own',
});
const LimitReset = z
  .enum(['daily', 'monthly'], { error: 'A limit is set back "daily", "monthly" or never (null).' })
  .nullable()
  .optional();

const AllowedIps = z.array(z.string()).max(100).nullable().optional().meta({
  description:
    'Of gigarouter: addresses and CIDR ranges that it may be used from; null or none: everywhere',
});

const NewKey = z.object({
  name: z.string(),
  limit: Limit,
  limit_reset: LimitReset,
  expires_at: z.iso
    .datetime({ offset: true })
    .transform((text) => new Date(text))
    .nullable()
    .optional(),
  allowed_ips: AllowedIps,
  scopes: z
    .array(z.enum(['inference', 'read', 'billing', 'admin']))
    .min(1)
    .default(['inference'])
    .meta({ description: 'Of gigarouter: what it may do; nothing that you may not' }),
});

const Changes = z.object({
  name: z.string().optional(),
  limit: Limit,
  limit_reset: LimitReset,
  allowed_ips: AllowedIps,
  disabled: z.boolean().optional().meta({ description: 'true revokes it, for good' }),
});

const Hash = z.object({ hash: z.string() });
const Answer = z.object({ data: KeyObject });

interface KeyRoutesServices {
  readonly keys: Pick<KeysService, 'list' | 'get' | 'create' | 'change' | 'revoke'>;
  readonly usage: Pick<UsageService, 'spending'>;
}

/** An account's keys, as OpenRouter's management API has them. */
export function keysRoutes({ keys, usage }: KeyRoutesServices): Route[] {
  const common = { tag: 'OpenRouter', dialect: openrouter, scope: 'admin' } as const;
  const show = async ({ accountId }: Call, shown: readonly ApiKey[]) => {
    const spending = await usage.spending(
      accountId,
      shown.map(({ id }) => id),
    );
    return shown.map((key) => toKeyObject(key, spending.get(key.id)));
  };
  const showOne = async (call: Call, key: ApiKey) => ({ data: (await show(call, [key]))[0] });

  return [
    route({
      ...common,
      method: 'GET',
      url: '/api/v1/keys',
      operationId: 'openrouterListKeys',
      summary: 'The account’s keys, newest first, 100 at a time',
      query: z.object({
        offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
        include_disabled: z.enum(['true', 'false']).default('false'),
      }),
      answer: z.object({ data: z.array(KeyObject) }),
      examples: [{ summary: 'Revoked ones too', query: { include_disabled: 'true' } }],
      handle: async (call, { query: { offset, include_disabled: all } }) => {
        const shown = await keys.list(call.accountId, {
          filter: all === 'true' ? {} : { states: ['ACTIVE', 'EXPIRED'] },
          orderBy: { field: 'CREATED_AT', direction: 'DESC' },
          first: PAGE,
          offset,
        });
        return { data: await show(call, shown) };
      },
    }),
    route({
      ...common,
      method: 'POST',
      url: '/api/v1/keys',
      operationId: 'openrouterCreateKey',
      summary: 'Makes a key; its secret is in the answer, and nowhere else',
      body: NewKey,
      status: 201,
      answer: z.object({ data: KeyObject, key: z.string() }),
      errors: ['CONFLICT'],
      examples: [
        { summary: 'For 5 dollars a day', body: { name: 'CI', limit: 5, limit_reset: 'daily' } },
      ],
      handle: async (call, { body }) => {
        const { key, secret } = await keys.create(call.actor, call.accountId, {
          name: body.name,
          scopes: body.scopes.map((scope) => scope.toUpperCase() as KeyScope),
          spendCapNanos: nanosOf(body.limit) ?? undefined,
          capPeriod: periodOf(body.limit_reset),
          expiresAt: body.expires_at ?? undefined,
          allowedIps: body.allowed_ips ?? undefined,
        });
        return { data: toKeyObject(key, undefined), key: secret };
      },
    }),
    route({
      ...common,
      method: 'GET',
      url: '/api/v1/keys/:hash',
      operationId: 'openrouterGetKey',
      summary: 'One of the account’s keys, revoked or not',
      params: Hash,
      answer: Answer,
      handle: async (call, { params }) =>
        showOne(call, await keys.get(call.accountId, keyIdOf(params))),
    }),
    route({
      ...common,
      method: 'PATCH',
      url: '/api/v1/keys/:hash',
      operationId: 'openrouterUpdateKey',
      summary: 'Renames a key, changes its limit, or revokes it',
      params: Hash,
      body: Changes,
      answer: Answer,
      errors: ['CONFLICT'],
      handle: async (call, { params, body }) => {
        const { actor, accountId } = call;
        const key = await keys.get(accountId, keyIdOf(params));
        if (body.disabled === false && key.isRevoked) {
          throw new AppError('CONFLICT', 'The key has been revoked permanently. Create a new one.');
        }
        const changes = { name: body.name, cap: capOf(key, body), allowedIps: body.allowed_ips };
        const isChanged = Object.values(changes).some((change) => change !== undefined);
        const changed = isChanged ? await keys.change(actor, accountId, key.id, changes) : key;
        return showOne(
          call,
          body.disabled === true ? await keys.revoke(actor, accountId, key.id) : changed,
        );
      },
    }),
    route({
      ...common,
      method: 'DELETE',
      url: '/api/v1/keys/:hash',
      operationId: 'openrouterDeleteKey',
      summary: 'Revokes a key, for good; it stays in the list of disabled ones. May be repeated',
      params: Hash,
      answer: z.object({ deleted: z.literal(true) }),
      handle: async (call, { params }) => {
        await keys.revoke(call.actor, call.accountId, keyIdOf(params));
        return { deleted: true };
      },
    }),
  ];
}

/** @throws AppError NOT_FOUND for what cannot be one of our ids */
function keyIdOf({ hash }: z.infer<typeof Hash>): KeyId {
  if (/^key_[0-9a-z]{26}$/.test(hash)) return hash as KeyId;
  throw new AppError('NOT_FOUND', 'API key not found.');
}

/** What is left out stays as it is; a key without a limit has nothing that could be set back. */
function capOf(
  { spendCapNanos, capPeriod }: ApiKey,
  { limit, limit_reset: reset }: z.infer<typeof Changes>,
) {
  if (limit === undefined && reset === undefined) return undefined;
  const nanos = limit === undefined ? spendCapNanos : nanosOf(limit);
  return { nanos, period: reset === undefined ? capPeriod : periodOf(reset) };
}

function nanosOf(limit: number | null | undefined): bigint | null {
  return limit === null || limit === undefined ? null : fromUsdNumber(limit);
}

function periodOf(reset: z.infer<typeof LimitReset>): CapPeriod {
  return reset === null || reset === undefined ? 'TOTAL' : PERIOD_OF_RESET[reset];
}
