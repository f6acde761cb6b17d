import { timingSafeEqual } from 'node:crypto';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { AppError } from '../errors.js';
import type { Logger } from '../platform/logger.js';
import type { Batcher } from './batcher.js';
import type { PredictorMetrics } from './predictor-metrics.js';
import { serverTiming } from '../platform/server-timing.js';
import { decodeRequest, encodeResponse, HEADER_LENGTH } from './protocol.js';
import { finishUnreadBodies } from '../platform/unread-body.js';
import { checkInput, type ServedGraph, type ServedModels } from './served-models.js';
import { DATATYPES, type TensorSpec } from './tensor.js';

export interface PredictorServerOptions {
  readonly models: ServedModels;
  readonly batcher: Batcher;
  readonly metrics: PredictorMetrics;
  readonly logger: Logger;
  /** Bearer token that every request carries; undefined: none is asked for. */
  readonly token: string | undefined;
  readonly version: string;
  /** False until all models are warm, and again while stopping. */
  readonly isReady: () => boolean;
}

/** Rows of one request. */
const ROWS_MAX = 1_024;
const BODY_BYTES_MAX = 512 * 1024 * 1024;

/** HTTP face of the predictor: the Open Inference Protocol v2, with Triton's repository index. */
export function createPredictorServer(options: PredictorServerOptions): FastifyInstance {
  const { models, metrics, logger, isReady } = options;
  const app = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    keepAliveTimeout: 65_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 300 },
  });
  finishUnreadBodies(app.server);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  app.setErrorHandler((error, _request, reply) => sendError(logger, error, reply));
  app.setNotFoundHandler((_request, reply) => reply.status(404).send({ error: 'Not found.' }));
  let closing = false;
  app.addHook('preClose', (next) => {
    closing = true;
    next();
  });
  app.addHook('onSend', (_request, reply, payload, next) => {
    // A connection that was busy when the server began to close would stay open, idle, until it times out.
    if (closing) reply.header('connection', 'close');
    next(null, payload);
  });
  const { token } = options;
  if (token !== undefined) {
    app.addHook('onRequest', (request, _reply, next) => {
      next(bears(request, token) ? undefined : unauthenticated());
    });
  }

  app.get('/v2', () => ({
    name: 'gigarouter',
    version: options.version,
    extensions: ['binary_tensor_data', 'model_repository'],
  }));
  app.get('/v2/health/live', () => ({ live: true }));
  app.get('/v2/health/ready', (_request, reply) =>
    reply.status(isReady() ? 200 : 503).send({ ready: isReady() }),
  );
  app.post('/v2/repository/index', () =>
    models.list().map(({ name }) => ({ name, version: '1', state: 'READY', reason: '' })),
  );
  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.render()),
  );

  for (const prefix of ['/v2/models/:model', '/v2/models/:model/versions/:version']) {
    app.get(prefix, (request) => describe(find(models, request)));
    app.get(`${prefix}/ready`, (request) => ({ name: find(models, request).name, ready: true }));
    app.post(`${prefix}/infer`, (request, reply) => infer(options, request, reply));
  }
  return app;
}

async function infer(
  { models, batcher, metrics, isReady }: PredictorServerOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const graph = find(models, request);
  try {
    if (!isReady())
      throw new AppError('UPSTREAM_UNAVAILABLE', 'The predictor is starting or stopping.');
    const headerLength = request.headers[HEADER_LENGTH];
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const asked = decodeRequest(body, headerLength?.toString());
    const input = asked.inputs[graph.input.name];
    if (input === undefined || Object.keys(asked.inputs).length !== 1) {
      throw new AppError('BAD_REQUEST', `Expected exactly one input, ${graph.input.name}.`);
    }
    if (asked.outputs?.some((name) => name !== graph.output.name)) {
      throw new AppError('BAD_REQUEST', `The model has one output, ${graph.output.name}.`);
    }
    checkInput(graph, input, ROWS_MAX);
    const submittedAt = performance.now();
    let startedAt = submittedAt;
    const output = await batcher.submit({
      graph: graph.name,
      input,
      rowsAreIndependent: graph.rowsAreIndependent,
      signal: until(callerLeft(reply), asked.timeoutMs),
      onStart: () => {
        startedAt = performance.now();
      },
    });
    const parts = { queue: startedAt - submittedAt, infer: performance.now() - startedAt };
    metrics.request(graph.name, 'ok');
    const answer = encodeResponse(graph.name, asked, { [graph.output.name]: output });
    return await reply
      .headers({ ...answer.headers, 'server-timing': serverTiming(parts) })
      .send(answer.body);
  } catch (error) {
    const known = toAppError(error);
    metrics.request(graph.name, known.code);
    throw known;
  }
}

/** Aborted when the connection closes before the answer is written. */
function callerLeft({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort();
  });
  return controller.signal;
}

/** Aborted when the caller leaves or the time is over. */
function until(left: AbortSignal, timeoutMs: number | undefined): AbortSignal {
  if (timeoutMs === undefined) return left;
  return AbortSignal.any([left, AbortSignal.timeout(Math.ceil(timeoutMs))]);
}

function find(models: ServedModels, { params }: FastifyRequest): ServedGraph {
  const { model, version } = params as { model: string; version?: string };
  if (version !== undefined && version !== '1') {
    throw new AppError('NOT_FOUND', 'The model has a single version, 1.');
  }
  return models.get(model);
}

/** Model metadata of the protocol; -1 stands for any number of rows. */
function describe({ name, modelHash, input, output }: ServedGraph) {
  const spec = ({ name: of, type, shape }: TensorSpec) => ({
    name: of,
    datatype: DATATYPES[type],
    shape: shape.map((size) => (typeof size === 'number' ? size : -1)),
  });
  return {
    name,
    versions: ['1'],
    platform: 'onnxruntime_onnx',
    inputs: [spec(input)],
    outputs: [spec(output)],
    parameters: { model_hash: modelHash },
  };
}

function bears({ headers }: FastifyRequest, token: string): boolean {
  const given = Buffer.from(headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function unauthenticated(): AppError {
  return new AppError('UNAUTHENTICATED', 'The bearer token is missing or wrong.');
}

function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const { name, statusCode, message } = error as {
    name?: string;
    statusCode?: number;
    message?: string;
  };
  if (name === 'TimeoutError') {
    return new AppError('DEADLINE_EXCEEDED', 'The time limit set by the request has passed.');
  }
  if (name === 'AbortError') return new AppError('REQUEST_TIMEOUT', 'The client disconnected.');
  if (statusCode === 413) return new AppError('PAYLOAD_TOO_LARGE', message ?? '');
  if (statusCode === 415) return new AppError('UNSUPPORTED_MEDIA_TYPE', message ?? '');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new AppError('BAD_REQUEST', message ?? '');
  }
  return new AppError('INTERNAL', 'The run failed.', { cause: error });
}

/** In the protocol's form, with our code beside. */
function sendError(logger: Logger, error: unknown, reply: FastifyReply): FastifyReply {
  const { code, message, status, details, cause } = toAppError(error);
  if (code === 'INTERNAL') logger.error({ err: cause ?? error }, 'a run failed');
  const retryAfterS = details?.retryAfterS;
  if (typeof retryAfterS === 'number') reply.header('retry-after', String(retryAfterS));
  return reply.status(status).send({ error: message, code });
}
