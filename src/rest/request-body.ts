import { Readable, Transform, type TransformCallback } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { FastifyReply, FastifyRequest, RequestPayload } from 'fastify';
import { AppError } from '../errors.js';

type Done = (error: Error | null, payload?: RequestPayload) => void;

/** Content codings of requests (RFC 9110 8.4.1). */
const DECODERS = new Map<string, () => Transform>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);

/** As `Accept-Encoding` of an answer lists them (RFC 7694). */
const ACCEPTED = 'gzip, deflate, br';

/**
 * A hook before the body is parsed: an empty body counts as no body, whatever its content type says. Many clients send
 * `content-type: application/json` with a DELETE, or with a POST that has no parameters.
 */
export function dropEmptyBody(
  request: FastifyRequest,
  _reply: FastifyReply,
  payload: RequestPayload,
  done: Done,
): void {
  const { headers } = request.raw;
  if (headers['content-type']?.trim() === '') delete headers['content-type'];
  if (headers['transfer-encoding'] === undefined) {
    if (Number(headers['content-length'] ?? 0) === 0) delete headers['content-type'];
    done(null, payload);
    return;
  }
  // The form parser reads the connection itself, so nothing may be taken from it here.
  if (isForm(request)) {
    done(null, payload);
    return;
  }
  const chunks = payload.iterator({ destroyOnReturn: false });
  chunks.next().then(({ done: isEmpty, value: first }) => {
    if (isEmpty === true) {
      delete headers['content-type'];
      delete headers['transfer-encoding'];
      done(null, payload);
    } else done(null, guarded(Readable.from(startingWith(first, chunks), { objectMode: false })));
  }, done);
}

/**
 * A hook before the body is parsed: decodes a compressed body.
 * @param bytesMax of the decoded body; undefined where its reader counts them
 * @throws AppError UNSUPPORTED_MEDIA_TYPE for another coding, PAYLOAD_TOO_LARGE, BAD_REQUEST for a body that is not in
 *   its coding or is cut off
 */
export function decodeBody(bytesMax: number | undefined) {
  return (
    request: FastifyRequest,
    reply: FastifyReply,
    payload: RequestPayload,
    done: Done,
  ): void => {
    const { headers } = request.raw;
    const coding = headers['content-encoding']?.trim().toLowerCase() ?? '';
    if (coding === '' || coding === 'identity') {
      done(null, payload);
      return;
    }
    const create = isForm(request) ? undefined : DECODERS.get(coding);
    if (create === undefined) {
      reply.header('accept-encoding', isForm(request) ? 'identity' : ACCEPTED);
      done(
        new AppError(
          'UNSUPPORTED_MEDIA_TYPE',
          isForm(request)
            ? `Forms cannot be sent with the content encoding "${coding}". Send it without one.`
            : `The content encoding "${coding}" is not supported. Use one of ${ACCEPTED}, or none.`,
        ),
      );
      return;
    }
    delete headers['content-encoding'];
    // It counts the bytes before they are decoded.
    delete headers['content-length'];
    headers['transfer-encoding'] = 'chunked';
    const decoder = create();
    const decoded = new Decoded(coding, bytesMax);
    // Not `pipeline`: that would destroy the connection, on which the refusal has yet to be sent.
    payload.on('error', (error: Error) => decoder.destroy(error));
    decoder.on('error', (cause: Error) => decoded.destroy(badCoding(coding, cause)));
    decoded.on('close', () => {
      payload.unpipe(decoder);
      decoder.destroy();
    });
    request.raw.once('close', () => {
      if (!request.raw.complete) decoder.destroy(new Error('The body was cut off.'));
    });
    done(null, guarded(payload.pipe(decoder).pipe(decoded)));
  };
}

/** Counts decoded bytes: a small body can decode to any size. */
class Decoded extends Transform {
  private bytes = 0;

  constructor(
    private readonly coding: string,
    private readonly bytesMax = Infinity,
  ) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, next: TransformCallback): void {
    this.bytes += chunk.length;
    if (this.bytes <= this.bytesMax) {
      next(null, chunk);
      return;
    }
    next(
      new AppError(
        'PAYLOAD_TOO_LARGE',
        `The request body is too large: decoded from ${this.coding}, it has more than ${String(this.bytesMax)} bytes.`,
      ),
    );
  }
}

function badCoding(coding: string, cause: Error): AppError {
  return new AppError('BAD_REQUEST', `The body is not valid ${coding}, or is cut off.`, { cause });
}

function isForm({ raw }: FastifyRequest): boolean {
  return /^\s*multipart\//i.test(raw.headers['content-type'] ?? '');
}

async function* startingWith(first: unknown, rest: AsyncIterator<unknown>) {
  yield first;
  for (;;) {
    const next = await rest.next();
    if (next.done === true) return;
    yield next.value;
  }
}

/** An error that comes when nobody reads any more must not end the process. */
function guarded<Stream extends Readable>(stream: Stream): Stream {
  return stream.on('error', () => undefined);
}
