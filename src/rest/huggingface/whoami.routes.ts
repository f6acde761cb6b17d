import { z } from 'zod';
import type { ContactsService, KeysService } from '../../accounts/index.js';
import { route, type Route } from '../route.js';
import { huggingface } from './huggingface.dialect.js';

const Answer = z.object({
  type: z.enum(['user', 'org']),
  id: z.string().meta({ description: 'Id of the account' }),
  name: z.string().meta({ description: 'Id of the account' }),
  fullname: z.string().meta({ description: 'Name of the account' }),
  isPro: z.literal(false),
  canPay: z.boolean(),
  billingMode: z.literal('prepaid'),
  periodEnd: z.null(),
  orgs: z.array(z.never()),
  auth: z.object({
    type: z.enum(['access_token', 'session']),
    accessToken: z
      .object({
        displayName: z.string().meta({ description: 'Name of the key' }),
        role: z.enum(['read', 'write']).meta({ description: 'write: the key may change things' }),
        createdAt: z.iso.datetime(),
      })
      .optional(),
  }),
});

/** Who asks, as clients of the Hugging Face Hub check a token. */
export function whoamiRoutes(
  contacts: Pick<ContactsService, 'contact'>,
  keys: Pick<KeysService, 'get'>,
): Route[] {
  return [
    route({
      method: 'GET',
      url: '/api/whoami-v2',
      operationId: 'hubWhoami',
      tag: 'Hugging Face',
      summary: 'The account and the key that ask',
      description: 'Every key may read about itself, whatever its scopes.',
      dialect: huggingface,
      scope: 'public',
      needsCaller: true,
      answer: Answer,
      examples: [{ summary: 'This key' }],
      handle: async ({ actor, accountId }): Promise<z.infer<typeof Answer>> => {
        const { keyId, scopes } = actor;
        const [{ kind, name }, key] = await Promise.all([
          contacts.contact(accountId),
          keyId === undefined ? undefined : keys.get(accountId, keyId),
        ]);
        return {
          type: kind === 'ORGANIZATION' ? 'org' : 'user',
          id: accountId,
          name: accountId,
          fullname: name,
          isPro: false,
          canPay: scopes.has('billing'),
          billingMode: 'prepaid',
          periodEnd: null,
          orgs: [],
          auth:
            key === undefined
              ? { type: 'session' }
              : {
                  type: 'access_token',
                  accessToken: {
                    displayName: key.name,
                    role: scopes.has('admin') ? 'write' : 'read',
                    createdAt: key.createdAt.toISOString(),
                  },
                },
        };
      },
    }),
  ];
}
