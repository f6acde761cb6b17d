import { z } from 'zod';
import type { UsageService } from '../../usage/index.js';
import { route, type Route } from '../route.js';
import { huggingface } from './huggingface.dialect.js';

/** Hugging Face asks every minute, about that many at most. */
const IDS_MAX = 10_000;

const Request = z.object({
  requestIds: z
    .array(z.string().max(100))
    .max(IDS_MAX)
    .meta({ description: 'From the header `Inference-Id` of answers' }),
});

const Answer = z.object({
  requests: z.array(z.object({ requestId: z.string(), costNanoUsd: z.int().min(0) })),
});

/**
 * What Hugging Face asks of a provider: the costs of requests. The address is ours to choose.
 * https://huggingface.co/docs/inference-providers/register-as-a-provider#4-billing
 */
export function huggingfaceBillingRoutes(usage: Pick<UsageService, 'costs'>): Route[] {
  return [
    route({
      method: 'POST',
      url: '/hf-inference/billing',
      operationId: 'huggingfaceBilling',
      tag: 'Hugging Face',
      summary: 'What requests of the account cost, in nano-USD',
      description:
        'Requests that are unknown, of another account, or still running are left out: ask again. A ' +
        'request that failed cost 0.',
      dialect: huggingface,
      scope: 'read',
      body: Request,
      answer: Answer,
      examples: [
        { summary: 'One request', body: { requestIds: ['run_01h00000000000000000000000'] } },
      ],
      handle: async (call, { body }) => {
        const costs = await usage.costs(call.accountId, body.requestIds);
        return {
          // Whole nano-USD: exact as a JSON number up to nine million dollars.
          requests: costs.map(({ id, chargedNanos }) => ({
            requestId: id,
            costNanoUsd: Number(chargedNanos),
          })),
        };
      },
    }),
  ];
}
