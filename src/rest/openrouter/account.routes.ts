import { z } from 'zod';
import type { ContactsService, KeysService } from '../../accounts/index.js';
import type { CreditsService } from '../../credits/index.js';
import { AppError } from '../../errors.js';
import type { CallLimits, UsageService } from '../../usage/index.js';
import { toUsdNumber } from '../money.js';
import { route, type Route } from '../route.js';
import { KeySpendingObject, labelOf, toSpendingObject } from './key-object.js';
import { openrouter } from './openrouter.dialect.js';

const CurrentKey = KeySpendingObject.extend({
  label: z.string(),
  expires_at: z.string().nullable(),
  is_free_tier: z.boolean().meta({ description: 'The account has bought nothing yet' }),
  is_management_key: z.boolean().meta({ description: 'It may manage keys' }),
  is_provisioning_key: z.boolean(),
  creator_user_id: z.null(),
  workspace_id: z.string().meta({ description: 'Id of the account' }),
  organization_id: z.string().nullable(),
  allowed_data_regions: z.array(z.string()),
  free_model_daily_requests: z.object({ limit: z.int(), remaining: z.int(), used: z.int() }),
  rate_limit: z.object({ requests: z.int(), interval: z.string(), note: z.string() }),
});

interface AccountRoutesServices {
  readonly contacts: Pick<ContactsService, 'contact'>;
  readonly keys: Pick<KeysService, 'get'>;
  readonly credits: Pick<CreditsService, 'totals'>;
  readonly usage: Pick<UsageService, 'spending'>;
  readonly limits: Pick<CallLimits, 'ratePerMinuteOf'>;
}

/** What OpenRouter tells a key about itself, and about its account's credit. */
export function accountRoutes(services: AccountRoutesServices): Route[] {
  const { contacts, keys, credits, usage, limits } = services;
  const common = { tag: 'OpenRouter', dialect: openrouter } as const;
  return [
    route({
      ...common,
      method: 'GET',
      url: '/api/v1/key',
      operationId: 'openrouterGetCurrentKey',
      summary: 'The key that asks: its limit, and what it has spent',
      description:
        'Every key may read about itself, whatever its scopes. Once its limit is reached, its calls are answered 402, as those of an account without credit.',
      scope: 'public',
      needsCaller: true,
      answer: z.object({ data: CurrentKey }),
      examples: [{ summary: 'This key' }],
      handle: async ({ actor, accountId }) => {
        const { keyId, scopes } = actor;
        if (keyId === undefined) {
          throw new AppError(
            'NOT_FOUND',
            'This endpoint describes the API key of the request, but you are signed in without one.',
          );
        }
        const [key, spending, { hasPurchased }, { kind }] = await Promise.all([
          keys.get(accountId, keyId),
          usage.spending(accountId, [keyId]),
          credits.totals(accountId),
          contacts.contact(accountId),
        ]);
        const isManagementKey = scopes.has('admin');
        return {
          data: {
            ...toSpendingObject(key, spending.get(keyId)),
            label: labelOf(key),
            expires_at: key.expiresAt?.toISOString() ?? null,
            is_free_tier: !hasPurchased,
            is_management_key: isManagementKey,
            is_provisioning_key: isManagementKey,
            creator_user_id: null,
            workspace_id: accountId,
            organization_id: kind === 'ORGANIZATION' ? accountId : null,
            allowed_data_regions: ['global'],
            // There are no models that are free for some calls a day.
            free_model_daily_requests: { limit: 0, remaining: 0, used: 0 },
            rate_limit: {
              requests: limits.ratePerMinuteOf(actor),
              interval: '60s',
              note: 'Calls that run a model.',
            },
          },
        };
      },
    }),
    route({
      ...common,
      method: 'GET',
      url: '/api/v1/credits',
      operationId: 'openrouterGetCredits',
      summary: 'All credit that the account ever had, and used',
      description:
        '`total_credits` is what was given and bought, less what was taken back or has expired, so that the difference of the two is what is left.',
      scope: 'read',
      answer: z.object({ data: z.object({ total_credits: z.number(), total_usage: z.number() }) }),
      examples: [{ summary: 'Of this account' }],
      handle: async ({ accountId }) => {
        const { creditedNanos, usedNanos } = await credits.totals(accountId);
        return {
          data: { total_credits: toUsdNumber(creditedNanos), total_usage: toUsdNumber(usedNanos) },
        };
      },
    }),
  ];
}
