// cspell:ignore KMBT
import { z } from 'zod';
import { CALLABLE, MODEL_TASKS, type ModelFilter, type ModelOrder } from '../../catalog/index.js';
import { hubTask, PROVIDER } from '../model-object.js';
import { strictQuery } from '../strict-query.js';
import { LICENSE } from './hub-model.js';

const ORDERS = {
  downloads: { field: 'DOWNLOADS', direction: 'DESC' },
  createdAt: { field: 'NEWEST', direction: 'DESC' },
  num_parameters: { field: 'PARAMETERS', direction: 'DESC' },
} as const satisfies Record<string, ModelOrder>;
const ORDER_NAMES = Object.keys(ORDERS) as [keyof typeof ORDERS];

/** Repeated, or separated by commas. */
export const Texts = z
  .union([z.string(), z.array(z.string())])
  .default([])
  .transform((given) => [given].flat().flatMap((text) => text.split(',')));

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1e3, M: 1e6, B: 1e9, T: 1e12 };

const RANGE_HINT = 'Write a range as "min:6B,max:128B", with one of its ends or both.';

/** "min:6B,max:128B" */
const Range = z.string().transform((text, context) => {
  const range: { parametersMin?: number; parametersMax?: number } = {};
  for (const end of text.split(',')) {
    const [, name, digits, unit = ''] =
      /^\s*(min|max):(\d{1,15}(?:\.\d{1,9})?)(K|M|B|T|)\s*$/i.exec(end) ?? [];
    if (name === undefined) {
      context.addIssue({ code: 'custom', message: RANGE_HINT });
      return z.NEVER;
    }
    const count = Math.round(Number(digits) * (UNITS[unit.toUpperCase()] ?? 1));
    range[name.toLowerCase() === 'min' ? 'parametersMin' : 'parametersMax'] = count;
  }
  return range;
});

/** Nothing to filter by here: `true` and `false` are obeyed, as all models are the same in this. */
const Flag = z.enum(['true', 'false', 'True', 'False', '1', '0']).optional();

/** What is not named here is refused: a list that leaves a filter out is a wrong answer. */
export const HubModelsQuery = strictQuery({
  pipeline_tag: z.string().optional().meta({ description: 'Task' }),
  search: z.string().optional().meta({ description: 'Words in name, slug or summary' }),
  author: z.string().optional(),
  filter: Texts.meta({ description: 'Tags that a model needs: a task, or `license:…`' }),
  num_parameters: Range.optional().meta({ description: 'As "min:6B,max:128B"' }),
  inference: z
    .literal('warm', { error: 'Only "warm" is known: models that can be called.' })
    .optional()
    .meta({ description: 'Only what can be called' }),
  inference_provider: Texts.meta({ description: `${PROVIDER} or all: only what can be called` }),
  gated: Flag.meta({ description: 'No model is gated' }),
  expand: Texts.meta({ description: 'inferenceProviderMapping; all else is there always' }),
  sort: z
    .enum(ORDER_NAMES, { error: `Models are sorted by ${ORDER_NAMES.join(', ')}.` })
    .default('downloads'),
  direction: z
    .literal('-1', { error: 'Models are sorted in descending order only: -1.' })
    .optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: z.string().optional().meta({ description: 'From the `Link` header of another answer' }),
  full: Flag.meta({ description: 'All fields are there always' }),
  config: Flag.meta({ description: 'Does nothing' }),
  cardData: Flag.meta({ description: 'Does nothing' }),
});
export type HubModelsQuery = z.output<typeof HubModelsQuery>;

export function orderOf({ sort }: HubModelsQuery): ModelOrder {
  return ORDERS[sort];
}

export function filterOf(query: HubModelsQuery): ModelFilter {
  const { search, author, pipeline_tag: task, inference, inference_provider: providers } = query;
  const tags = [...query.filter, ...(task === undefined ? [] : [task])];
  const licenses = tags.filter((tag) => tag.startsWith(LICENSE));
  const others = tags.filter((tag) => !tag.startsWith(LICENSE));
  const isGated = query.gated !== undefined && /^(?:true|1)$/i.test(query.gated);
  return {
    search,
    owners: author === undefined ? undefined : [author],
    // A tag that is neither license nor task is one that no model has.
    tasks: isGated
      ? []
      : Object.values(MODEL_TASKS).filter((one) => others.every((tag) => tag === hubTask(one))),
    licenses: licenses.length === 0 ? undefined : licenses.map((tag) => tag.slice(LICENSE.length)),
    ...query.num_parameters,
    ...(inference === 'warm' || providers.length > 0 ? { statuses: statusesOf(providers) } : {}),
  };
}

/** @param providers one of which has to run a model; none: any */
function statusesOf(providers: readonly string[]): ModelFilter['statuses'] {
  const isOurs =
    providers.length === 0 || providers.some((one) => one === PROVIDER || one === 'all');
  return isOurs ? CALLABLE : [];
}
