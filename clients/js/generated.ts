// Compiled against clients that are generated from a running server's /openapi.json, then run (generated.mjs).
import createClient from 'openapi-fetch';
import { createClient as createHeyClient } from './hey/client/index.js';
import * as hey from './hey/sdk.gen.js';
import type { paths } from './openapi-types.js';

interface Given {
  readonly url: string;
  readonly key: string;
  readonly dataUrl: string;
  readonly picture: Blob;
}

const model = 'gigarouter/demo-shapes';
const labels = ['red circle', 'green heart', 'blue square'];
const lines = (dataUrl: string) =>
  new Blob(
    ['one', 'two'].map(
      (custom_id) =>
        `${JSON.stringify({
          custom_id,
          method: 'POST',
          url: '/v1/embeddings',
          body: { model, input: custom_id === 'one' ? [{ image: dataUrl }] : 'a text' },
        })}\n`,
    ),
  );

function need<Value>(value: Value | undefined | null, what: string): Value {
  if (value === undefined || value === null) throw new Error(`${what} is missing.`);
  return value;
}

/** openapi-typescript's types with openapi-fetch. */
export async function useOpenApiFetch({ url, key, dataUrl, picture }: Given): Promise<void> {
  const api = createClient<paths>({
    baseUrl: url,
    headers: { authorization: `Bearer ${key}` },
  });
  const { data: classified } = await api.POST('/v1/classify', {
    body: { model, input: [dataUrl], labels },
    params: { header: { 'Idempotency-Key': crypto.randomUUID(), 'X-Tier': 'interactive' } },
  });
  const best: string = need(classified, 'A classification').data[0]!.prediction!;
  if (best !== 'green heart') throw new Error(best);
  const found = await api.GET('/v1/models/{id}', { params: { path: { id: model } } });
  if (need(found.data, 'The model').id !== model) throw new Error('another model');

  const { data: file } = await api.POST('/v1/files', {
    body: { file: 'lines.jsonl', purpose: 'batch' },
    bodySerializer: () => formOf(lines(dataUrl), 'batch'),
  });
  const { id } = need(file, 'The file');
  const content = await api.GET('/v1/files/{id}/content', {
    params: { path: { id } },
    parseAs: 'text',
  });
  if (!need(content.data, 'The content').includes('custom_id')) throw new Error('other content');
  const { data: batch } = await api.POST('/v1/batches', {
    body: { input_file_id: id, endpoint: '/v1/embeddings', completion_window: '24h' },
  });
  const output = await endOf(need(batch, 'The batch').id, async (batchId) => {
    const { data } = await api.GET('/v1/batches/{id}', { params: { path: { id: batchId } } });
    return need(data, 'The batch');
  });
  const { data: answers } = await api.GET('/v1/files/{id}/content', {
    params: { path: { id: output } },
    parseAs: 'text',
  });
  if (need(answers, 'The output').trim().split('\n').length !== 2) throw new Error('other output');

  const streamed = await api.POST('/v1/chat/completions', {
    body: { model, stream: true, messages: [{ role: 'user', content: asked(dataUrl) }] },
    parseAs: 'text',
  });
  if (!String(streamed.data).endsWith('data: [DONE]\n\n')) throw new Error('no stream');

  const { error, response } = await api.POST('/v1/classify', {
    body: { model: 'no/such', input: [await textOf(picture)], labels },
  });
  // Typed: the shape of OpenAI's errors.
  const message: string = need(error, 'An error').error.message;
  if (response.status !== 404 || message === '') throw new Error(`${response.status} ${message}`);
}

/** The SDK that @hey-api/openapi-ts generates. */
export async function useHeyApi({ url, key, dataUrl, picture }: Given): Promise<void> {
  const client = createHeyClient({ baseUrl: url, auth: () => key });
  const classified = await hey.classify({
    client,
    body: { model, input: [dataUrl], labels },
    throwOnError: true,
  });
  if (classified.data.data[0]?.prediction !== 'green heart') throw new Error('another label');
  const uploaded = await hey.createFile({ client, body: { file: picture }, throwOnError: true });
  if (uploaded.data.media_type !== 'image/png') throw new Error(uploaded.data.media_type);
  const answered = await hey.deepinfraInference({
    client,
    path: { model },
    body: { image: dataUrl, candidate_labels: labels },
    throwOnError: true,
  });
  if (answered.data.results[0]?.label !== 'green heart') throw new Error('another label');

  const { data: file } = await hey.createFile({
    client,
    body: { file: lines(dataUrl), purpose: 'batch' },
    throwOnError: true,
  });
  const { data: batch } = await hey.createBatch({
    client,
    body: { input_file_id: file.id, endpoint: '/v1/embeddings', completion_window: '24h' },
    throwOnError: true,
  });
  const output = await endOf(batch.id, async (id) => {
    const { data } = await hey.getBatch({ client, path: { id }, throwOnError: true });
    return data;
  });
  const { data: answers } = await hey.getFileContent({
    client,
    path: { id: output },
    parseAs: 'blob',
    throwOnError: true,
  });
  if (!(await new Response(answers).text()).includes('custom_id')) throw new Error('other output');

  const events: unknown[] = [];
  const streaming = await hey.createChatCompletion({
    client,
    body: { model, stream: true, messages: [{ role: 'user', content: asked(dataUrl) }] },
    parseAs: 'text',
    throwOnError: true,
  });
  events.push(streaming.data);
  if (!String(events[0]).includes('[DONE]')) throw new Error('no stream');

  const { error } = await hey.classify({
    client,
    body: { model: 'no/such', input: [dataUrl], labels },
  });
  if (need(error, 'An error').error.code !== 'not_found') throw new Error('another error');
}

function asked(dataUrl: string) {
  return [
    { type: 'text' as const, text: 'Which is it: red circle or green heart?' },
    { type: 'image_url' as const, image_url: { url: dataUrl } },
  ];
}

function formOf(file: Blob, purpose: string): FormData {
  const form = new FormData();
  form.set('purpose', purpose);
  form.set('file', file, 'lines.jsonl');
  return form;
}

async function textOf(picture: Blob): Promise<string> {
  return Buffer.from(await picture.arrayBuffer()).toString('base64');
}

interface Batch {
  readonly status: string;
  readonly output_file_id: string | null;
}

/** Id of what a batch has written. */
async function endOf(id: string, get: (id: string) => Promise<Batch>): Promise<string> {
  for (let tries = 0; tries < 240; tries++) {
    const { status, output_file_id: output } = await get(id);
    if (status === 'completed') return need(output, 'The output');
    if (status === 'failed') throw new Error('The batch failed.');
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error('The batch did not end in a minute.');
}
