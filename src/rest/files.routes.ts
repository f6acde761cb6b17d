import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../errors.js';
import type { Upload, UploadsService } from '../inference/index.js';
import { type Actor, requireScope } from '../platform/actor.js';
import type { AccountId } from '../platform/ids.js';

export interface FilesRoutesOptions {
  readonly uploads: UploadsService;
  readonly authenticate: (request: { headers: IncomingHttpHeaders; ip: string }) => Promise<Actor>;
  readonly bytesMax: number;
}

/**
 * `/v1/files`: images that are sent ahead of calls, as multipart with a field `file` (as OpenAI's clients
 * do) or as the body itself. Nothing is read of a body that is announced as too large.
 */
export async function registerFilesRoutes(
  app: FastifyInstance,
  { uploads, authenticate, bytesMax }: FilesRoutesOptions,
): Promise<void> {
  // With room for the multipart frame; the file's own limit is kept while it is read.
  const bodyLimit = bytesMax + 64 * 1_024;
  await app.register(async (scope) => {
    await scope.register(multipart, {
      limits: { files: 1, fields: 10, fieldSize: 1_024, fileSize: bytesMax + 1, parts: 11 },
      throwFileSizeLimit: false,
    });
    scope.addContentTypeParser(
      /^(image\/|application\/octet-stream)/,
      (_request, payload, done) => {
        done(null, payload);
      },
    );
    const accountOf = async (request: FastifyRequest): Promise<AccountId> => {
      const actor = await authenticate(request);
      requireScope(actor, 'inference');
      if (actor.accountId === undefined) throw new AppError('UNAUTHENTICATED', 'Nobody signed in.');
      return actor.accountId;
    };

    scope.post('/v1/files', {
      bodyLimit,
      onRequest: async (request, reply) => {
        hangUpUnread(request, reply);
        request.uploader = await accountOf(request);
        if (Number(request.headers['content-length'] ?? 0) > bodyLimit) {
          throw new AppError(
            'PAYLOAD_TOO_LARGE',
            `A file has at most ${String(bytesMax / 2 ** 20)} MiB.`,
          );
        }
      },
      handler: async (request, reply) => {
        const upload = await uploads.save(uploaderOf(request), await contentOf(request));
        return reply.status(201).send(toFile(upload));
      },
    });
    scope.get<{ Params: { id: string } }>('/v1/files/:id', async (request) =>
      toFile(await uploads.get(await accountOf(request), request.params.id)),
    );
    scope.delete<{ Params: { id: string } }>('/v1/files/:id', async (request) => {
      const { id } = request.params;
      await uploads.delete(await accountOf(request), id);
      return { id, object: 'file', deleted: true };
    });
    scope.decorateRequest('uploader', undefined);
  });
}

declare module 'fastify' {
  interface FastifyRequest {
    uploader: AccountId | undefined;
  }
}

function uploaderOf({ uploader }: FastifyRequest): AccountId {
  if (uploader === undefined) throw new AppError('UNAUTHENTICATED', 'Nobody is signed in.');
  return uploader;
}

/** After an answer that came before the end of the body, nobody reads the rest. */
function hangUpUnread({ raw }: FastifyRequest, reply: FastifyReply): void {
  reply.raw.once('finish', () => {
    if (!raw.complete) raw.destroy();
  });
}

async function contentOf(request: FastifyRequest): Promise<Readable> {
  if (!request.isMultipart()) {
    if (request.body instanceof Readable) return request.body;
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'Send the image itself, or as multipart.');
  }
  const part = await request.file();
  if (part?.fieldname === 'file') return part.file;
  throw new AppError('BAD_USER_INPUT', 'Send the image as the field "file".');
}

/** As OpenAI's file object. */
function toFile({ id, bytes, mediaType, createdAt, expiresAt }: Upload) {
  const seconds = (at: Date) => Math.floor(at.getTime() / 1_000);
  return {
    id,
    object: 'file',
    bytes,
    media_type: mediaType,
    created_at: seconds(createdAt),
    expires_at: seconds(expiresAt),
  };
}
