import { z } from 'zod';
import { CandidateLabels } from '../candidate-labels.js';
import { EXAMPLE_IMAGE } from '../example-image.js';
import { imageSourceOf } from '../image.js';
import type { MeteredCalls } from '../metered-calls.js';
import { route, type Route } from '../route.js';
import { Scoring, scoringOf } from '../scoring.js';
import { replicate } from './replicate.dialect.js';

const Input = z.object({
  image: z.string().meta({
    description: 'A data: URL, an https: address, base64, or the id of a file',
  }),
  labels: CandidateLabels,
  template: z.string().optional().meta({ description: 'Prompt with {} where the label goes' }),
  scoring: Scoring,
});

const Answer = z.object({
  id: z.string(),
  model: z.string(),
  version: z.literal('hidden'),
  status: z.literal('succeeded'),
  input: z.object({ labels: z.array(z.string()) }),
  output: z.array(z.object({ label: z.string(), score: z.number() })),
  error: z.null(),
  logs: z.string(),
  metrics: z.object({ predict_time: z.number(), total_time: z.number() }),
  urls: z.object({}),
  created_at: z.iso.datetime(),
  started_at: z.iso.datetime(),
  completed_at: z.iso.datetime(),
});

/**
 * `/v1/models/{owner}/{name}/predictions`, as Replicate has it for official models. A prediction has ended when it is
 * answered, so nobody has to ask for it again.
 */
export function replicateRoutes(calls: MeteredCalls): Route[] {
  return [
    route({
      method: 'POST',
      url: '/v1/models/:owner/:name/predictions',
      operationId: 'replicateCreatePrediction',
      tag: 'Replicate',
      summary: 'Scores an image against labels',
      description:
        'Best label first. Webhooks and `stream` are left out: the answer is there at once.',
      dialect: replicate,
      scope: 'inference',
      isMetered: true,
      params: z.object({ owner: z.string(), name: z.string() }),
      body: z.object({ input: Input }),
      status: 201,
      answer: Answer,
      examples: [
        {
          summary: 'Which of these is it?',
          params: { owner: 'gigarouter', name: 'demo-shapes' },
          body: { input: { image: EXAMPLE_IMAGE, labels: ['red circle', 'green heart'] } },
        },
      ],
      handle: async (call, { params: { owner, name }, body: { input } }) => {
        const model = `${owner}/${name}`;
        const startedAt = new Date();
        const metered = await calls.classify(call, {
          model,
          images: [imageSourceOf(input.image)],
          labels: input.labels,
          template: input.template,
          scoring: scoringOf('replicate', input.scoring, input.labels.length),
        });
        const completedAt = new Date();
        const [first] = metered.result.images;
        const { infer = 0 } = metered.timingsMs;
        return {
          id: metered.runId,
          model,
          version: 'hidden',
          status: 'succeeded',
          input: { labels: input.labels },
          output: first?.labels.map(({ label, score }) => ({ label, score })),
          error: null,
          logs: '',
          metrics: {
            predict_time: infer / 1_000,
            total_time: (completedAt.getTime() - startedAt.getTime()) / 1_000,
          },
          urls: {},
          created_at: startedAt.toISOString(),
          started_at: startedAt.toISOString(),
          completed_at: completedAt.toISOString(),
        };
      },
    }),
  ];
}
