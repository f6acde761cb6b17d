import { z } from 'zod';
import { CandidateLabels } from '../candidate-labels.js';
import { EXAMPLE_IMAGE } from '../example-image.js';
import type { Form } from '../form.js';
import { imageSourceOf } from '../image.js';
import type { MeteredCalls } from '../metered-calls.js';
import { route, type Route } from '../route.js';
import { Scoring, scoringOf } from '../scoring.js';
import { Cost, costOf, usageOf } from '../usage-object.js';
import { deepinfra } from './deepinfra.dialect.js';

const Address = z.object({ '*': z.string() });

const Request = z.object({
  image: z.string().meta({
    description: 'A file, in a form; base64, a data: URL, an https: address, or the id of a file',
  }),
  candidate_labels: CandidateLabels,
  scoring: Scoring,
});

const Answer = z.object({
  results: z.array(z.object({ label: z.string(), score: z.number() })),
  request_id: z.string(),
  inference_status: z.object({
    status: z.literal('succeeded'),
    runtime_ms: z.int(),
    ...Cost.shape,
    tokens_generated: z.int(),
    tokens_input: z.int().meta({ description: 'Images and labels: nobody pays for tokens here' }),
  }),
});

/** `/v1/inference/{model}`: zero-shot classification as DeepInfra has it. */
export function deepinfraRoutes(calls: MeteredCalls): Route[] {
  return [
    route({
      method: 'POST',
      url: '/v1/inference/*',
      path: '/v1/inference/{model}',
      operationId: 'deepinfraInference',
      tag: 'DeepInfra',
      summary: 'Scores an image against labels',
      description: 'A form with a file, or JSON. Labels may also be repeated fields of the form.',
      dialect: deepinfra,
      scope: 'inference',
      isMetered: true,
      params: Address,
      body: Request,
      fromForm: requestOf,
      formFields: Request.extend({ image: z.string().meta({ format: 'binary' }) }),
      answer: Answer,
      examples: [
        {
          summary: 'Which of these is it?',
          params: { model: 'gigarouter/demo-shapes' },
          body: { image: EXAMPLE_IMAGE, candidate_labels: ['red circle', 'green heart'] },
        },
      ],
      handle: async (call, { params, body }) => {
        const startedAt = performance.now();
        const metered = await calls.classify(call, {
          model: params['*'],
          images: [imageSourceOf(body.image)],
          labels: body.candidate_labels,
          scoring: scoringOf('deepinfra', body.scoring, body.candidate_labels.length),
        });
        const [first] = metered.result.images;
        return {
          results: first?.labels.map(({ label, score }) => ({ label, score })),
          request_id: metered.runId,
          inference_status: {
            status: 'succeeded',
            runtime_ms: Math.round(performance.now() - startedAt),
            ...costOf(metered),
            tokens_generated: 0,
            tokens_input: usageOf(metered).total_tokens,
          },
        };
      },
    }),
  ];
}

/** The fields of a form in the words of `Request`; what is missing is found missing there. */
function requestOf({ fields, repeated, files }: Form): object {
  const { candidate_labels: labels = [] } = repeated;
  return {
    image: files.image?.toString('base64') ?? fields.image,
    candidate_labels: labels.length > 1 ? labels : labels[0],
    scoring: fields.scoring,
  };
}
