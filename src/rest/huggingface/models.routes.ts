import { z } from 'zod';
import { AppError } from '../../errors.js';
import type { Call } from '../call.js';
import { EXAMPLE_IMAGE } from '../example-image.js';
import { imageSourceOf } from '../image.js';
import type { MeteredCalls } from '../metered-calls.js';
import { route, type Route } from '../route.js';
import { scoringOf } from '../scoring.js';
import { type Embeddable, embedInOrder } from '../vectors.js';
import { huggingface } from './huggingface.dialect.js';
import { type Input, Parameters, RunAnswer, RunRequest } from './run.request.js';

interface Run {
  /** Slug of the model. */
  readonly model: string;
  readonly body: RunRequest;
}

/** An id with its slash, and the pipeline that clients append for some tasks. */
const Address = z.object({ '*': z.string() }).transform(({ '*': rest }) => {
  const [, model = '', task] = /^(.*?)(?:\/pipeline\/([\w-]+))?\/?$/.exec(rest) ?? [];
  return { model, task };
});

const ZERO_SHOT = 'zero-shot-image-classification';
const IMAGE_FEATURES = 'image-feature-extraction';
const TASKS = ['feature-extraction', IMAGE_FEATURES, ZERO_SHOT];

const PARAMS = { id: 'gigarouter/demo-shapes' };
const EXAMPLES = [
  {
    summary: 'Which of these is it?',
    params: PARAMS,
    body: {
      inputs: EXAMPLE_IMAGE,
      parameters: { candidate_labels: ['red circle', 'green heart'] },
    },
  },
  { summary: 'Vectors of two texts', params: PARAMS, body: { inputs: ['red circle', 'heart'] } },
];

/** `/models/{id}`, and the same where the router of Hugging Face has it. */
export function huggingfaceModelRoutes(calls: MeteredCalls): Route[] {
  const addresses = {
    huggingfaceRun: '/models',
    huggingfaceRouterRun: '/hf-inference/models',
  };
  return Object.entries(addresses).map(([operationId, prefix]) =>
    route({
      method: 'POST',
      url: `${prefix}/*`,
      path: `${prefix}/{id}`,
      operationId,
      tag: 'Hugging Face',
      summary: 'Scores an image against labels or, without labels, makes vectors',
      description: `The task is told by what is sent, or by \`/pipeline/{task}\` after the id: ${TASKS.join(', ')}.`,
      dialect: huggingface,
      scope: 'inference',
      isMetered: true,
      params: Address,
      body: RunRequest,
      answer: RunAnswer,
      examples: EXAMPLES,
      handle: (call, { params: { model, task }, body }) => {
        if (task !== undefined && !TASKS.includes(task)) {
          throw new AppError(
            'NOT_FOUND',
            `No model has the task ${task}. Available tasks: ${TASKS.join(', ')}.`,
          );
        }
        const hasLabels = body.parameters?.candidate_labels !== undefined;
        return task === ZERO_SHOT || (task === undefined && hasLabels)
          ? classify(calls, call, { model, body })
          : extractFeatures(calls, call, { model, body, areImages: task === IMAGE_FEATURES });
      },
    }),
  );
}

async function classify(calls: MeteredCalls, call: Call, { model, body }: Run) {
  const image = body.image ?? imageIn(body.inputs);
  const given = body.parameters ?? Parameters.parse({});
  const { candidate_labels: labels, function_to_apply: applied } = given;
  if (image === undefined) throw bad('inputs', 'Send one image: as base64, or as {"image": …}.');
  if (labels === undefined) throw bad('parameters.candidate_labels', 'Send the labels.');
  const { result } = await calls.classify(call, {
    model,
    images: [imageSourceOf(image)],
    labels,
    template: given.hypothesis_template,
    scoring: scoringOf('huggingface', applied === 'none' ? undefined : applied, labels.length),
    topK: given.top_k,
  });
  const [first] = result.images;
  return first?.labels.map(({ label, score, logit }) => ({
    label,
    score: applied === 'none' ? logit : score,
  }));
}

/** undefined: not one image. */
function imageIn(inputs: RunRequest['inputs']): string | undefined {
  if (typeof inputs === 'string') return inputs;
  return inputs !== undefined && 'image' in inputs ? inputs.image : undefined;
}

/** One vector, or a list of them when a list was sent. */
async function extractFeatures(
  calls: MeteredCalls,
  call: Call,
  { model, body: { inputs, image }, areImages }: Run & { readonly areImages: boolean },
) {
  const given = inputs ?? (image === undefined ? undefined : { image });
  if (given === undefined) throw bad('inputs', 'Send a text, {"image": …}, or a list of them.');
  const list = Array.isArray(given) ? given : [given];
  const { result } = await embedInOrder(calls, call, {
    model,
    inputs: list.map((one) => embeddableOf(one, areImages)),
  });
  return Array.isArray(given) ? result.vectors : result.vectors[0];
}

function embeddableOf(input: Input, isImage: boolean): Embeddable {
  if (typeof input === 'string') return isImage ? { image: imageSourceOf(input) } : { text: input };
  return 'image' in input ? { image: imageSourceOf(input.image) } : input;
}

function bad(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', `${argument}: ${message}`, { details: { argument } });
}
