import { Transform } from 'node:stream';
import type { FastifyBodyParser, FastifyInstance, FastifyRequest, RequestPayload } from 'fastify';
import { AppError } from '../errors.js';

/** Larger bodies get a route of their own, with a limit of its own. */
export const BODY_BYTES_MAX = 256 * 1024;

/** Refuses a body over BODY_BYTES_MAX on a route that allows larger ones to some. */
export function limitBody(
  request: FastifyRequest,
  payload: RequestPayload,
  done: (error: Error | null, payload?: RequestPayload) => void,
): void {
  const tooLarge = () => new AppError('PAYLOAD_TOO_LARGE', 'Request body is too large');
  const announced = request.headers['content-length'];
  if (announced !== undefined) {
    if (Number(announced) > BODY_BYTES_MAX) done(tooLarge());
    else done(null, payload);
    return;
  }
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX) next(tooLarge());
      else next(null, chunk);
    },
  });
  // Routes that take no body, refusals and unknown addresses never read `counted`. An error that nobody listens to
  // would end the process, for the broken framing of one connection.
  counted.on('error', () => undefined);
  payload.on('error', (error: Error) => counted.destroy(error));
  done(null, payload.pipe(counted));
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * JSON bodies only, in UTF-8 only. Fastify's own parser reads broken UTF-8 as replacement characters,
 * and any declared charset as UTF-8: both would store something other than what was sent.
 */
export function acceptJsonOnly(app: FastifyInstance): void {
  // It calls back, and returns nothing.
  const parseJson = app.getDefaultJsonParser('error', 'error') as (
    ...args: Parameters<FastifyBodyParser<string>>
  ) => void;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    (request, body: Buffer, done) => {
      const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(
        request.headers['content-type'] ?? '',
      )?.[1];
      if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
        done(new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body must be JSON in UTF-8.'), undefined);
        return;
      }
      let text: string;
      try {
        text = utf8.decode(body);
      } catch (cause) {
        done(new AppError('BAD_REQUEST', 'The body is not valid UTF-8.', { cause }), undefined);
        return;
      }
      parseJson(request, text, (error, value) => {
        if (error === null) done(null, value);
        else
          done(
            new AppError('BAD_REQUEST', 'The body is not valid JSON.', { cause: error }),
            undefined,
          );
      });
    },
  );
}
