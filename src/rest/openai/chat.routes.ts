import { EXAMPLE_IMAGE } from '../example-image.js';
import type { MeteredCalls } from '../metered-calls.js';
import type { PaidCalls } from '../paid-calls.js';
import { route, type Route } from '../route.js';
import { ChatCompletion, toChatChunks, toChatCompletion } from './chat-completion.js';
import { ChatRequest, formatOf, saidIn, toolsOf } from './chat-request.js';
import { EventStream, eventStream } from './event-stream.js';
import { readTools } from './function-tools.js';
import { withFirstModel } from './model-fallbacks.js';
import { OPENAI, OPENROUTER, type Place } from './places.js';
import { ask, readQuestion } from './question.js';

const DESCRIPTION = `Which label fits the image? The models here do not write: a question is one image, and labels to
choose from. Labels are

- those of a function's arguments, a JSON schema as below, when \`tools\` has one and \`tool_choice\` allows it: each
  function that asks for labels is called with what it asks for. When its result has been sent, a text is the answer.
- the strings of an enum in \`response_format\` (JSON schema): the answer is JSON that the schema accepts. Several enums
  are answered each by itself; an array of an enum gets every label whose own probability is 0.5 or more; a number
  \`score\`, \`confidence\` or \`probability\` beside an enum gets the label's share of it, 0 to 1; \`const\` stays, and
  null goes where null may be. Another required property is refused.
- or else those in the last text of the user that has some (of the system, where the user says none): a JSON schema
  in it; the lines that begin with "- ", "* ", "• " or "1. "; else what follows the last colon, split at commas,
  semicolons, "|", line breaks and the word "or": "Which of these is it: cat, dog or bird?" A text is answered by the
  best label; with \`{"type": "json_object"}\` by \`{"label": …, "score": …}\`.

The image is that of the last message that has one; earlier ones were answered before. \`stream\` sends the same in
chunks, when the call has run. \`logprobs\` are logarithms of the labels' shares, or of their own probabilities with
\`scoring: "sigmoid"\`, and where there is one label alone. \`n\` choices are all the same, and paid
once. Refused are audio, and files that are no images. All that steers the writing of texts, such as \`temperature\`,
does nothing.`;

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
    isMetered: true,
    body: ChatRequest,
    answer: ChatCompletion,
    answers: { 'application/json': ChatCompletion, 'text/event-stream': EventStream },
    examples: EXAMPLES,
    handle: async (call, { body }) => {
      const completion = await completeChat(calls, call, body);
      if (body.stream !== true) return completion;
      // OpenRouter's clients expect it without asking, and refuse a null before it.
      const isOpenRouter = dialect === OPENROUTER.dialect;
      const isAsked = body.stream_options?.include_usage === true;
      return eventStream(
        call,
        toChatChunks(completion, {
          withUsage: isOpenRouter || isAsked || body.usage?.include === true,
          nullBefore: isAsked && !isOpenRouter,
        }),
      );
    },
  });
}

/** The answer, not streamed. @throws AppError BAD_USER_INPUT, and as `PaidCalls.classify` */
export async function completeChat<Caller>(
  calls: PaidCalls<Caller>,
  call: Caller,
  body: ChatRequest,
): Promise<ChatCompletion> {
  const topLogprobs = body.logprobs === true ? (body.top_logprobs ?? 0) : undefined;
  const { isLegacy, ...tools } = toolsOf(body);
  const inParallel = !isLegacy && body.parallel_tool_calls !== false;
  const question = readQuestion(
    {
      said: saidIn(body.messages),
      format: formatOf(body.response_format),
      tools: readTools({ ...tools, inParallel }),
      scoring: body.scoring,
      isAfterCall: isAnswerOfTool(body.messages.at(-1)?.role) && tools.choice === 'auto',
    },
    { conversation: 'messages', format: 'response_format' },
  );
  const count = body.n ?? 1;
  return withFirstModel(body, async (model) => {
    const { metered, answer } = await ask(calls, call, model, question);
    return toChatCompletion(model, metered, answer, { count, topLogprobs, isLegacy });
  });
}

function isAnswerOfTool(role: string | undefined): boolean {
  return role === 'tool' || role === 'function';
}
