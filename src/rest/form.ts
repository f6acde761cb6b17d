import type { Multipart } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../errors.js';

/** A form that was read: texts by name, and files by name. Of what is there twice, the last. */
export interface Form {
  readonly fields: Readonly<Record<string, string>>;
  /** All texts of a name, in order. */
  readonly repeated: Readonly<Record<string, readonly string[]>>;
  readonly files: Readonly<Record<string, Buffer>>;
}

/**
 * Reads a form, at most as many bytes as the route takes.
 * @throws AppError UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, BAD_REQUEST for one that is cut off or broken
 */
export async function readForm(request: FastifyRequest): Promise<Form> {
  if (!request.isMultipart()) {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'Send multipart/form-data.');
  }
  const { bodyLimit } = request.routeOptions;
  if (Number(request.headers['content-length'] ?? 0) > bodyLimit) throw tooLarge(bodyLimit);
  const fields: Record<string, string> = {};
  const repeated: Record<string, string[]> = {};
  const files: Record<string, Buffer> = {};
  let bytes = 0;
  try {
    const parts: AsyncIterable<Multipart> = request.parts();
    for await (const part of parts) {
      const { fieldname: name } = part;
      if (part.type === 'file') {
        const content = await part.toBuffer();
        // The parser knows the limit of each file only.
        bytes += content.length;
        if (bytes > bodyLimit) throw tooLarge(bodyLimit);
        files[name] = content;
      } else if (typeof part.value === 'string') {
        if (part.valueTruncated) throw new AppError('PAYLOAD_TOO_LARGE', `${name} is too long.`);
        fields[name] = part.value;
        (repeated[name] ??= []).push(part.value);
      }
    }
  } catch (error) {
    throw asFormError(error);
  }
  return { fields, repeated, files };
}

/** The parser's own complaints, of a body that is no form, have no status. */
export function asFormError(error: unknown): unknown {
  const { statusCode, message } = error as { statusCode?: number; message?: string };
  if (error instanceof AppError || statusCode !== undefined) return error;
  return new AppError('BAD_REQUEST', `The form cannot be read: ${message ?? 'it is malformed'}.`, {
    cause: error,
  });
}

function tooLarge(bytesMax: number): AppError {
  return new AppError('PAYLOAD_TOO_LARGE', `A form can have at most ${String(bytesMax)} bytes.`);
}
