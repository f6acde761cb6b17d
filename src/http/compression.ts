import { pipeline, type Readable } from 'node:stream';
import { brotliCompress, constants, createBrotliCompress, createGzip, gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { varyBy } from './vary.js';

declare module 'fastify' {
  interface FastifyReply {
    /**
     * Set by a route whose answer holds no secret; all others are sent as they are. The length of a compressed answer
     * tells how much of it repeats, so whoever chooses a part of it could guess a secret in it (BREACH).
     */
    mayCompress: boolean;
  }
}

/** Bytes; shorter answers fit into one packet either way. */
const BYTES_MIN = 1_024;

/** Best first. */
const ENCODINGS = ['br', 'gzip'] as const;

/** With one of these an answer is compressed already, a part of one, or brings a session. */
const UNTOUCHED = ['content-encoding', 'content-range', 'set-cookie'];

/** JSON, text, scripts, vectors. Not events, which would wait in the compressor, nor images, which are small already. */
const COMPRESSIBLE =
  /^(?:text\/(?!event-stream)|image\/svg\+xml|application\/(?:[\w.-]+\+)?(?:json|jsonl|x-ndjson|xml|graphql|javascript|yaml)\b)/;

/** At 4 brotli takes as long as gzip and saves more; at its default of 11 it takes a hundred times as long. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };

type Encoding = (typeof ENCODINGS)[number];

/** Compresses answers that say that they may be, for clients that accept it. Before any route. */
export function registerCompression(app: FastifyInstance): void {
  app.decorateReply('mayCompress', false);
  app.addHook('onSend', (request, reply, payload, done) => {
    if (!isCandidate(reply, payload)) {
      done(null, payload);
      return;
    }
    varyBy(reply, 'Accept-Encoding');
    const encoding = encodingFor(request);
    if (encoding === undefined) {
      done(null, payload);
      return;
    }
    reply.header('content-encoding', encoding).removeHeader('content-length');
    if (isStream(payload)) {
      const compressor = encoding === 'br' ? createBrotliCompress(BROTLI) : createGzip();
      // A reader that leaves ends the source too; a source that fails has destroyed the answer by then.
      done(
        null,
        pipeline(payload, compressor, () => undefined),
      );
    } else if (encoding === 'br') brotliCompress(payload, BROTLI, done);
    else gzip(payload, done);
  });
}

function isCandidate(reply: FastifyReply, payload: unknown): payload is string | Buffer | Readable {
  if (!reply.mayCompress || UNTOUCHED.some((name) => reply.hasHeader(name))) return false;
  if (!COMPRESSIBLE.test(String(reply.getHeader('content-type') ?? ''))) return false;
  if (typeof payload === 'string' || Buffer.isBuffer(payload)) {
    return Buffer.byteLength(payload) >= BYTES_MIN;
  }
  return isStream(payload);
}

function isStream(payload: unknown): payload is Readable {
  return typeof (payload as Readable | null)?.pipe === 'function';
}

/** undefined: the answer is sent as it is. */
function encodingFor({ headers }: FastifyRequest): Encoding | undefined {
  const accepted = headers['accept-encoding'];
  if (accepted === undefined) return undefined;
  const negotiator: EncodingNegotiator = new Negotiator({
    headers: { 'accept-encoding': accepted },
  });
  // Most clients give all that they accept the same weight: then our order decides.
  const chosen = negotiator.encoding([...ENCODINGS, 'identity'], { preferred: ENCODINGS });
  return ENCODINGS.find((encoding) => encoding === chosen);
}

/** The type definitions are older than the option. */
interface EncodingNegotiator {
  encoding(
    available: readonly string[],
    options: { preferred: readonly string[] },
  ): string | undefined;
}

/** A hook for routes whose answers hold no secret. */
export function allowCompression(
  _request: FastifyRequest,
  reply: FastifyReply,
  done: () => void,
): void {
  reply.mayCompress = true;
  done();
}
