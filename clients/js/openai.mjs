// Clients of OpenAI's API, and of OpenRouter's.
import assert from 'node:assert/strict';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import Instructor from '@instructor-ai/instructor';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { OpenAIEmbedding } from '@llamaindex/openai';
import { Agent, OpenAIChatCompletionsModel, run, setTracingDisabled, tool } from '@openai/agents';
import { createOpenRouter } from '@openrouter/ai-sdk-provider';
import { embedMany, generateObject, generateText, streamText } from 'ai';
import OpenAI from 'openai';
import { z } from 'zod';
import { z as z3 } from 'zod/v3';
import { check, dataUrl, key, model, picture, question, url } from './check.mjs';

const baseURL = `${url}/v1`;
const openai = new OpenAI({ baseURL, apiKey: key });
const Shape = z.object({ shape: z.enum(['red circle', 'green heart']) });
const asked = (text) => [
  {
    role: 'user',
    content: [
      { type: 'text', text },
      { type: 'image_url', image_url: { url: dataUrl } },
    ],
  },
];
/** As the AI SDK has images. */
const aiMessages = (text) => [
  {
    role: 'user',
    content: [
      { type: 'text', text },
      { type: 'file', mediaType: 'image/png', data: picture },
    ],
  },
];

check('openai', 'chat, stream, tools, embeddings, files', async () => {
  const { choices } = await openai.chat.completions.create({ model, messages: asked(question) });
  assert.equal(choices[0].message.content, 'green heart');
  const runner = openai.chat.completions.runTools({
    model,
    messages: asked('What is it?'),
    tools: [
      {
        type: 'function',
        function: {
          name: 'store',
          parameters: z.toJSONSchema(Shape),
          parse: JSON.parse,
          function: ({ shape }) => `stored ${shape}`,
        },
      },
    ],
  });
  assert.equal(await runner.finalContent(), 'green heart');
  const { data } = await openai.embeddings.create({ model, input: ['a', 'b'] });
  assert.equal(data.length, 2);
  const file = await openai.files.create({
    file: new File([picture], 'a.png', { type: 'image/png' }),
    purpose: 'vision',
  });
  assert.equal((await openai.files.delete(file.id)).deleted, true);
});

const providers = {
  '@ai-sdk/openai': createOpenAI({ baseURL, apiKey: key }),
  '@ai-sdk/openai-compatible': createOpenAICompatible({
    name: 'gigarouter',
    baseURL,
    apiKey: key,
    supportsStructuredOutputs: true,
  }),
  '@openrouter/ai-sdk-provider': createOpenRouter({ baseURL: `${url}/api/v1`, apiKey: key }),
};

for (const [name, provider] of Object.entries(providers)) {
  check(name, 'generateText, streamText, generateObject of ai', async () => {
    const chat = provider.chat?.(model) ?? provider(model);
    const { text } = await generateText({ model: chat, messages: aiMessages(question) });
    assert.equal(text, 'green heart');
    const stream = streamText({ model: chat, messages: aiMessages(question) });
    let streamed = '';
    for await (const part of stream.textStream) streamed += part;
    assert.equal(streamed, 'green heart');
    const { object } = await generateObject({
      model: chat,
      schema: Shape,
      messages: aiMessages('What is it?'),
    });
    assert.equal(object.shape, 'green heart');
  });
}

check('@ai-sdk/openai', 'generateText of the Responses API', async () => {
  const { text } = await generateText({
    model: providers['@ai-sdk/openai'].responses(model),
    messages: aiMessages(question),
  });
  assert.equal(text, 'green heart');
});

check('ai', 'embedMany of 300 texts', async () => {
  const provider = providers['@ai-sdk/openai-compatible'];
  const embeddingModel = provider.embeddingModel?.(model) ?? provider.textEmbeddingModel?.(model);
  const values = Array.from({ length: 300 }, (_, at) => `shape number ${at}`);
  const { embeddings } = await embedMany({ model: embeddingModel, values });
  assert.equal(embeddings.length, 300);
});

check('@langchain/openai', 'ChatOpenAI, structured output by schema and by function', async () => {
  const chat = new ChatOpenAI({ model, apiKey: key, configuration: { baseURL } });
  const messages = asked('What is it?');
  for (const method of ['jsonSchema', 'functionCalling']) {
    const answer = await chat.withStructuredOutput(Shape, { method }).invoke(messages);
    assert.equal(answer.shape, 'green heart', method);
  }
  assert.equal((await chat.invoke(asked(question))).content, 'green heart');
});

check('@langchain/openai', 'OpenAIEmbeddings', async () => {
  const embeddings = new OpenAIEmbeddings({ model, apiKey: key, configuration: { baseURL } });
  const vectors = await embeddings.embedDocuments(['red circle', 'green heart']);
  assert.deepEqual([vectors.length, vectors[0].length > 10], [2, true]);
});

check('@llamaindex/openai', 'OpenAIEmbedding', async () => {
  const embedding = new OpenAIEmbedding({ model, apiKey: key, baseURL });
  const vectors = await embedding.getTextEmbeddings(['red circle', 'green heart']);
  assert.deepEqual([vectors.length, vectors[0].length > 10], [2, true]);
});

check('@instructor-ai/instructor', 'TOOLS, FUNCTIONS, JSON, MD_JSON, JSON_SCHEMA', async () => {
  for (const mode of ['TOOLS', 'FUNCTIONS', 'JSON', 'MD_JSON', 'JSON_SCHEMA']) {
    const client = Instructor({ client: openai, mode });
    const { shape } = await client.chat.completions.create({
      model,
      messages: asked('What is it?'),
      // It knows the schemas of zod 3 only.
      response_model: {
        schema: z3.object({ shape: z3.enum(['red circle', 'green heart']) }),
        name: 'Shape',
      },
      max_retries: 0,
    });
    assert.equal(shape, 'green heart', mode);
  }
});

check('@openai/agents', 'run, with a tool', async () => {
  setTracingDisabled(true);
  const stored = [];
  const agent = new Agent({
    name: 'classifier',
    model: new OpenAIChatCompletionsModel(openai, model),
    tools: [
      tool({
        name: 'store',
        description: 'Stores the shape',
        parameters: Shape,
        execute: ({ shape }) => {
          stored.push(shape);
          return 'stored';
        },
      }),
    ],
  });
  const { finalOutput } = await run(agent, [
    {
      role: 'user',
      content: [
        { type: 'input_text', text: 'What is it?' },
        { type: 'input_image', image: dataUrl },
      ],
    },
  ]);
  assert.deepEqual([stored, finalOutput], [['green heart'], 'green heart']);
});
