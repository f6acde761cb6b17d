import { AppError } from '../../errors.js';
import { EXAMPLE_IMAGE } from '../example-image.js';
import type { MeteredCalls } from '../metered-calls.js';
import type { PaidCalls } from '../paid-calls.js';
import { route, type Route } from '../route.js';
import { ChatCompletion, toChatChunks, toChatCompletion } from './chat-completion.js';
import { ChatRequest, formatOf, saidIn } from './chat-request.js';
import { eventStream } from './event-stream.js';
import { OPENAI, OPENROUTER, type Place } from './places.js';
import { ask, readQuestion } from './question.js';

const DESCRIPTION = `Which label fits the image? The models here do not write: a question is one image, and labels to
choose from. Labels are

- the strings of an enum in \`response_format\` (JSON schema): the answer is JSON that the schema accepts. Several enums
  are answered each by itself; an array of an enum gets every label whose own probability is 0.5 or more; a number
  \`score\`, \`confidence\` or \`probability\` beside an enum gets the label's share of it, 0 to 1; \`const\` stays, and
  null goes where null may be. Another required property is refused.
- or else those in the last text of the user (of the system, where the user says nothing): the lines that begin with
  "- ", "* ", "• " or "1. "; else what follows the last colon, split at commas, semicolons, "|", line breaks and the
  word "or": "Which of these is it: cat, dog or bird?" A text is answered by the best label; with
  \`{"type": "json_object"}\` by \`{"label": …, "score": …}\`.

\`stream\` sends the same in chunks, when the call has run. \`logprobs\` of a text are logarithms of the labels' shares.
Refused are \`n\` over 1, tools, functions, audio, and files that are no images. All that steers the writing of texts,
such as \`temperature\`, does nothing.`;

const MODEL = 'gigarouter/demo-shapes';
const picture = { type: 'image_url', image_url: { url: EXAMPLE_IMAGE } };

const EXAMPLES = [
  {
    summary: 'Labels as text',
    body: {
      model: MODEL,
      messages: [
        {
          role: 'user',
          content: [{ type: 'text', text: 'Which is it: red circle or green heart?' }, picture],
        },
      ],
    },
  },
  {
    summary: 'Labels as an enum',
    body: {
      model: MODEL,
      messages: [{ role: 'user', content: [picture] }],
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 'shape',
          schema: {
            type: 'object',
            properties: {
              label: { enum: ['red circle', 'green heart'] },
              score: { type: 'number' },
            },
            required: ['label', 'score'],
          },
        },
      },
    },
  },
];

/** OpenAI's chat, as far as it is classification. */
export function chatRoutes(calls: MeteredCalls): Route[] {
  return [OPENAI, OPENROUTER].map((place) => chatRoute(calls, place));
}

function chatRoute(calls: MeteredCalls, { prefix, dialect, operationId }: Place): Route {
  return route({
    method: 'POST',
    url: `${prefix}/chat/completions`,
    operationId: operationId('CreateChatCompletion'),
    tag: 'Classification',
    summary: 'Answers which of some labels fits an image',
    description: DESCRIPTION,
    dialect,
    scope: 'inference',
    body: ChatRequest,
    answer: ChatCompletion,
    examples: EXAMPLES,
    handle: async (call, { body }) => {
      const completion = await completeChat(calls, call, body);
      if (body.stream !== true) return completion;
      const includeUsage = body.stream_options?.include_usage === true;
      return eventStream(call, toChatChunks(completion, includeUsage));
    },
  });
}

/** The answer, not streamed. @throws AppError BAD_USER_INPUT, and as `PaidCalls.classify` */
export async function completeChat<Caller>(
  calls: PaidCalls<Caller>,
  call: Caller,
  body: ChatRequest,
): Promise<ChatCompletion> {
  const format = formatOf(body.response_format);
  const topLogprobs = body.logprobs === true ? (body.top_logprobs ?? 0) : undefined;
  if (topLogprobs !== undefined && format.type !== 'text') {
    throw new AppError('BAD_USER_INPUT', 'Only a text has logprobs: ask for a score instead.', {
      details: { argument: 'logprobs' },
    });
  }
  const places = { conversation: 'messages', format: 'response_format' };
  const question = readQuestion(saidIn(body.messages), format, places);
  const { metered, answer } = await ask(calls, call, body.model, question);
  return toChatCompletion(body.model, metered, answer, topLogprobs);
}
