import type { FastifyInstance } from 'fastify';
import { AppError } from '../errors.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * JSON bodies only, in UTF-8 only. Fastify's own parser reads broken UTF-8 as replacement characters,
 * and any declared charset as UTF-8: both would store something other than what was sent.
 */
export function acceptJsonOnly(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
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
      void parseJson(request, text, (error, value) => {
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
