import type { Actor } from '../platform/actor.js';
import { CallChecks } from './call-checks.service.js';
import type { ClassifyCall } from './inference-call.js';

type Parts = ConstructorParameters<typeof CallChecks>[0];

/** Checks of a model with this training and cleaning; all else is taken. */
function checksOf(config: { loss: 'sigmoid' | 'softmax'; textCleaning: string }) {
  return new CallChecks({
    meter: {
      model: () => Promise.resolve({ servedAs: 'owner/name' }),
      quote: () => ({ units: [] }),
    },
    models: { get: () => Promise.resolve({ config }) },
    images: { prepare: () => Promise.resolve([]) },
    labelSets: { get: () => Promise.reject(new Error('There is none.')) },
  } as unknown as Parts);
}

function check(
  loss: 'sigmoid' | 'softmax',
  call: Pick<ClassifyCall, 'scoring' | 'threshold'>,
  textCleaning = 'lower',
) {
  return checksOf({ loss, textCleaning }).classification({
    actor: { accountId: 'acct_1' } as unknown as Actor,
    model: 'owner/name',
    images: [],
    labels: ['A Cat, a dog.'],
    template: '{}',
    ...call,
  });
}

test('a model is scored as it was trained, unless the call says otherwise', async () => {
  expect((await check('sigmoid', {})).scoring).toBe('SIGMOID');
  expect((await check('softmax', {})).scoring).toBe('SOFTMAX');
  expect((await check('sigmoid', { scoring: 'SOFTMAX' })).scoring).toBe('SOFTMAX');
});

test.each<[string, Pick<ClassifyCall, 'scoring' | 'threshold'>]>([
  ['scoring', { scoring: 'SIGMOID' }],
  ['threshold', { threshold: 0.5 }],
])('%s is refused where a probability would mean nothing', async (argument, call) => {
  await expect(check('softmax', call)).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    message: expect.stringContaining('trained with softmax') as string,
    details: { argument },
  });
  await expect(check('sigmoid', call)).resolves.toBeDefined();
});

test('a prompt is cleaned as the model’s reference does', async () => {
  expect((await check('sigmoid', {}, 'canonicalize')).prompts).toEqual(['a cat a dog']);
  expect((await check('sigmoid', {}, 'lower')).prompts).toEqual(['a cat, a dog.']);
});
