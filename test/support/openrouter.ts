import { OpenRouter } from '@openrouter/sdk';
import { type Caller, DEMO_MODEL, sample } from './platform.js';
import { callRest } from './rest.js';

/** OpenRouter's own client of this server. A failure is told, not tried again. */
export function openrouterClient(url: string, { secret }: Pick<Caller, 'secret'>): OpenRouter {
  return new OpenRouter({
    apiKey: secret,
    serverURL: `${url}/api/v1`,
    retryConfig: { strategy: 'none' },
  });
}

/** Runs the demo model on an image, always the same. @returns the id in the answer */
export async function classifyOnce(
  url: string,
  { secret }: Pick<Caller, 'secret'>,
  labels: readonly string[],
): Promise<string> {
  const body = { model: DEMO_MODEL, input: sample('green-heart.png'), labels };
  const answer = await callRest(url, 'POST', '/v1/classify', { secret, body });
  expect(answer.status).toBe(200);
  return answer.body.id;
}

let labels = 0;

/** Labels that nobody has used before: 0.00001 USD each. */
export function newLabels(count: number): string[] {
  return Array.from({ length: count }, () => `label ${String((labels += 1))}`);
}
