import { Readable } from 'node:stream';
import type { Multipart } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../errors.js';
import { asFormError } from './form.js';

/** A file that is being sent: as the body itself, or as the field `file` of a form. */
export interface ReceivedFile {
  /** To be read once, to its end or to where it is refused. */
  readonly content: AsyncIterable<Buffer>;
  /** undefined: it was not named. */
  readonly filename: string | undefined;
  /** Whether there may be more fields after the file. */
  readonly isForm: boolean;
  /** Texts that came before the file. */
  readonly fields: Readonly<Record<string, string>>;
  /** All texts, when the content was read. @throws AppError BAD_REQUEST for a form that breaks off */
  allFields(): Promise<Readonly<Record<string, string>>>;
}

/** Room for the frame of a form, and its texts. */
const FRAME_BYTES = 64 * 1024;

/**
 * Begins to receive a file, of a route that takes one. Nothing is read of a body that is announced as too large.
 * @throws AppError PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, BAD_USER_INPUT for a form without one
 */
export async function receiveFile(
  request: FastifyRequest,
  bytesMax: number,
): Promise<ReceivedFile> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax + FRAME_BYTES) {
    const message = `A file can have at most ${String(bytesMax / 2 ** 20)} MiB.`;
    throw new AppError('PAYLOAD_TOO_LARGE', message);
  }
  if (request.isMultipart()) return receiveForm(request, bytesMax);
  if (!(request.body instanceof Readable)) {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'Send multipart/form-data, or an image itself.');
  }
  return {
    content: chunksOf(request.body),
    filename: undefined,
    isForm: false,
    fields: {},
    allFields: () => Promise.resolve({}),
  };
}

async function receiveForm(request: FastifyRequest, bytesMax: number): Promise<ReceivedFile> {
  const limits = { files: 1, fields: 20, fieldSize: 1_024, parts: 21, fileSize: bytesMax + 1 };
  const parts = request.parts({ limits });
  const fields: Record<string, string> = {};
  /** The next file, past texts that come before it. */
  const nextFile = async () => {
    for (;;) {
      const next: IteratorResult<Multipart> = await parts.next().catch((error: unknown) => {
        throw asFormError(error);
      });
      if (next.done === true) return undefined;
      const part = next.value;
      if (part.type === 'file') return part;
      if (typeof part.value === 'string') fields[part.fieldname] = part.value;
    }
  };
  const file = await nextFile();
  if (file?.fieldname !== 'file') {
    throw new AppError('BAD_USER_INPUT', 'Send the file as the field "file".', {
      details: { argument: 'file' },
    });
  }
  return {
    content: chunksOf(file.file),
    filename: file.filename,
    isForm: true,
    fields: { ...fields },
    allFields: async () => {
      await nextFile();
      return fields;
    },
  };
}

/** Whoever refuses a file still has to answer on the connection that it comes on. */
async function* chunksOf(stream: Readable): AsyncGenerator<Buffer> {
  try {
    yield* stream.iterator({ destroyOnReturn: false });
  } catch (error) {
    throw asFormError(error);
  }
}
