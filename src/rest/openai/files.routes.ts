import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { BatchesService } from '../../batches/index.js';
import { AppError } from '../../errors.js';
import {
  IMAGE_PURPOSES,
  JSONL_BYTES_MAX,
  type Upload,
  type UploadLabel,
  type UploadsService,
} from '../../inference/index.js';
import type { Call } from '../call.js';
import type { ReceivedFile } from '../received-file.js';
import { route, type Route } from '../route.js';
import { Cursor, cursorListOf, toCursorList, toSeconds } from './cursor-list.js';
import { openai } from './openai.dialect.js';

const FileObject = z.object({
  id: z.string(),
  object: z.literal('file'),
  bytes: z.int(),
  created_at: z.int(),
  expires_at: z.int(),
  filename: z.string(),
  purpose: z.string(),
  status: z.literal('processed'),
  media_type: z.string(),
});

const Content = z.string().meta({ format: 'binary' });
const Purpose = z.enum([...IMAGE_PURPOSES, 'batch']);
const Id = z.object({ id: z.string() });

const common = { tag: 'Files', dialect: openai, scope: 'inference' } as const;

/** OpenAI's files: images that are sent ahead of calls, and the files of batches. */
export function filesRoutes(uploads: UploadsService, batches: BatchesService): Route[] {
  return [
    route({
      ...common,
      method: 'POST',
      url: '/v1/files',
      operationId: 'createFile',
      summary: 'Keeps an image, or the lines of a batch, for calls to come',
      description:
        'An image (10 MiB at most) may be sent as the body itself too, and is named by its id wherever an image is asked for. A batch is lines of JSON in UTF-8, 100 MiB and 50,000 lines at most.',
      isUpload: true,
      body: z.object({
        file: z.string().meta({ format: 'binary' }),
        purpose: Purpose.default('vision'),
      }),
      status: 201,
      answer: FileObject,
      handle: async (call) => {
        const file = await call.receiveFile(JSONL_BYTES_MAX);
        const known = file.isForm ? file.fields.purpose : 'vision';
        const label = () => labelOf(file);
        return toFile(await uploads.save(call.accountId, file.content, label, known));
      },
    }),
    route({
      ...common,
      method: 'GET',
      url: '/v1/files',
      operationId: 'listFiles',
      summary: 'The account’s files',
      query: z.object({
        after: Cursor.optional().meta({ description: 'Id of the file before' }),
        limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
        order: z.enum(['asc', 'desc']).default('desc'),
        purpose: z.enum([...Purpose.options, 'batch_output']).optional(),
      }),
      answer: cursorListOf(FileObject),
      examples: [{ summary: 'Files for batches', query: { purpose: 'batch' } }],
      handle: async (call, { query: { limit, ...query } }) => {
        const files = await uploads.list(call.accountId, { ...query, first: limit + 1 });
        return toCursorList(files.map(toFile), limit);
      },
    }),
    route({
      ...common,
      method: 'GET',
      url: '/v1/files/:id',
      operationId: 'getFile',
      summary: 'One of the account’s files',
      params: Id,
      answer: FileObject,
      handle: async (call, { params }) => toFile(await uploads.get(call.accountId, params.id)),
    }),
    route({
      ...common,
      method: 'GET',
      url: '/v1/files/:id/content',
      operationId: 'getFileContent',
      summary: 'What is in a file',
      params: Id,
      answer: Content,
      answers: {
        'application/octet-stream': Content,
        'application/jsonl': Content,
        'image/*': Content,
      },
      handle: (call, { params }) => contentOf(uploads, call, params.id),
    }),
    route({
      ...common,
      method: 'DELETE',
      url: '/v1/files/:id',
      operationId: 'deleteFile',
      summary: 'Forgets a file, unless a batch reads it',
      params: Id,
      answer: z.object({ id: z.string(), object: z.literal('file'), deleted: z.literal(true) }),
      errors: ['CONFLICT'],
      handle: async (call, { params: { id } }) => {
        await batches.deleteFile(call.accountId, id);
        return { id, object: 'file', deleted: true };
      },
    }),
  ];
}

/** What the form says of a file; an image that is sent alone says nothing. @throws AppError BAD_USER_INPUT */
async function labelOf(file: ReceivedFile): Promise<UploadLabel> {
  const { purpose = 'vision' } = await file.allFields();
  const result = Purpose.safeParse(purpose);
  if (!result.success) {
    const message = `\`purpose\` must be one of: ${Purpose.options.join(', ')}.`;
    throw new AppError('BAD_USER_INPUT', message, { details: { argument: 'purpose' } });
  }
  return { purpose: result.data, filename: nameOf(file) };
}

/** As its sender calls it, without what a database cannot keep. */
function nameOf({ filename = '' }: ReceivedFile): string {
  const name = filename.replace(/[\p{Cc}\p{Surrogate}]/gu, '').slice(0, 255);
  return name === '' ? 'upload' : name;
}

async function contentOf(uploads: UploadsService, call: Call, id: string): Promise<Readable> {
  const upload = await uploads.get(call.accountId, id);
  const content = await uploads.open(upload);
  call.setHeader('content-type', upload.mediaType);
  call.setHeader('content-length', String(upload.bytes));
  return content;
}

function toFile({ id, bytes, mediaType, purpose, filename, createdAt, expiresAt }: Upload) {
  return {
    id,
    object: 'file',
    bytes,
    created_at: toSeconds(createdAt),
    expires_at: toSeconds(expiresAt),
    filename,
    purpose,
    status: 'processed',
    media_type: mediaType,
  };
}
