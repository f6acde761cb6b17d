import { EXAMPLE_IMAGE } from '../example-image.js';
import type { MeteredCalls } from '../metered-calls.js';
import { route, type Route } from '../route.js';
import { EventStream, eventStream } from './event-stream.js';
import { readTools } from './function-tools.js';
import { OPENAI, OPENROUTER, type Place } from './places.js';
import { ask, readQuestion } from './question.js';
import { ResponseObject, toResponse, toResponseEvents } from './response-object.js';
import { isAfterCall, ResponsesRequest, saidIn, toolsOf } from './responses-request.js';

const DESCRIPTION = `The same question as that of chat completions, in the words of the Responses API: one
\`input_image\`, and labels in an \`input_text\`, in \`instructions\`, or as enums of a JSON schema in \`text.format\`.
A function with an enum argument in \`tools\` is called with what it asks for, as in chat completions; when its
\`function_call_output\` has been sent, a text is the answer. \`stream\` sends the events of the Responses API, when the
call has run.

Nothing is kept of it, whatever \`store\` says: \`previous_response_id\`, \`conversation\`, \`prompt\` and \`background\` are
refused, and so are tools that are no functions. All that steers the writing of texts does nothing.`;

const EXAMPLES = [
  {
    summary: 'Labels as text',
    body: {
      model: 'gigarouter/demo-shapes',
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'Which is it: red circle or green heart?' },
            { type: 'input_image', image_url: EXAMPLE_IMAGE },
          ],
        },
      ],
    },
  },
];

/** OpenAI's responses, as far as they are classification. */
export function responsesRoutes(calls: MeteredCalls): Route[] {
  return [OPENAI, OPENROUTER].map((place) => responsesRoute(calls, place));
}

function responsesRoute(calls: MeteredCalls, { prefix, dialect, operationId }: Place): Route {
  return route({
    method: 'POST',
    url: `${prefix}/responses`,
    operationId: operationId('CreateResponse'),
    tag: 'Classification',
    summary: 'Answers which of some labels fits an image',
    description: DESCRIPTION,
    dialect,
    scope: 'inference',
    isMetered: true,
    body: ResponsesRequest,
    answer: ResponseObject,
    answers: { 'application/json': ResponseObject, 'text/event-stream': EventStream },
    examples: EXAMPLES,
    handle: async (call, { body }) => {
      const format = body.text?.format ?? { type: 'text' };
      const places = { conversation: 'input', format: 'text.format' };
      const question = readQuestion(
        {
          said: saidIn(body),
          format,
          tools: readTools(toolsOf(body)),
          scoring: body.scoring,
          isAfterCall: isAfterCall(body),
        },
        places,
      );
      const { metered, answer } = await ask(calls, call, body.model, question);
      const response = toResponse(body, metered, answer);
      return body.stream === true ? eventStream(call, toResponseEvents(response)) : response;
    },
  });
}
