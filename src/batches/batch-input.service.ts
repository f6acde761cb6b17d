import { text } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { AppError } from '../errors.js';
import {
  CALL_BYTES_MAX,
  type Quote,
  type Upload,
  type UploadsService,
} from '../inference/index.js';
import type { Actor } from '../platform/actor.js';
import type { BatchEndpoint } from './batch-endpoint.js';
import type { BatchLine } from './batch-line.js';
import type { BatchError } from './batch.js';
import { type RawLine, readLines } from './jsonl.js';

/** A line that may be run, and what it costs at most. */
export interface QuotedLine extends Pick<BatchLine, 'line' | 'customId' | 'offset' | 'bytes'> {
  readonly quote: Quote;
}

/** A caller reads so many; then the file is not read on. */
const ERRORS_MAX = 100;
/** Lines after which others have their turn on the event loop. */
const LINES_A_TURN = 25;

const Line = z.object({
  // PostgreSQL keeps neither NUL nor halves of characters.
  custom_id: z.string().regex(/^[^\0\p{Surrogate}]{1,512}$/u, 'has 1 to 512 characters'),
  method: z.literal('POST'),
  url: z.string(),
  body: z.record(z.string(), z.unknown()),
});

/** Reads the file that a batch is made of. */
export class BatchInputService {
  constructor(private readonly uploads: Pick<UploadsService, 'open'>) {}

  /**
   * Everything that can be said of its lines before one is run.
   * @returns either lines, one at least, or what is wrong with them, the first 100 mistakes
   * @throws AppError when the database is away
   */
  async check(
    actor: Actor,
    upload: Pick<Upload, 'id'>,
    url: string,
    endpoint: BatchEndpoint,
  ): Promise<{ readonly lines: readonly QuotedLine[]; readonly errors: readonly BatchError[] }> {
    const lines: QuotedLine[] = [];
    const errors: BatchError[] = [];
    const seen = new Set<string>();
    for await (const raw of readLines(await this.uploads.open(upload), CALL_BYTES_MAX)) {
      if (raw.line % LINES_A_TURN === 0) await nextTurn();
      try {
        const request = parse(raw, url);
        if (request === undefined) continue;
        const { customId, body } = request;
        if (seen.has(customId)) {
          const message = `The custom_id "${customId}" is there twice.`;
          throw new LineError('duplicate_custom_id', message, 'custom_id');
        }
        seen.add(customId);
        const quote = await endpoint.quote(actor, body);
        lines.push({ line: raw.line, customId, offset: raw.offset, bytes: raw.bytes, quote });
      } catch (error) {
        errors.push({ line: raw.line, ...describe(error) });
        if (errors.length === ERRORS_MAX) break;
      }
    }
    if (lines.length === 0 && errors.length === 0) {
      const message = 'The file has no requests.';
      errors.push({ code: 'empty_file', message, line: null, param: null });
    }
    return { lines, errors };
  }

  /** The body of one line. @throws AppError NOT_FOUND when the file is gone */
  async bodyOf({
    inputFileId: id,
    offset: start,
    bytes,
  }: Pick<BatchLine, 'inputFileId' | 'offset' | 'bytes'>): Promise<unknown> {
    const range = { start, end: start + bytes - 1 };
    return Line.parse(JSON.parse(await text(await this.uploads.open({ id }, range)))).body;
  }
}

/** A line that is no request, told as OpenAI does. */
class LineError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly param: string | null = null,
  ) {
    super(message);
  }
}

/** @returns undefined for a blank line */
function parse({ content }: RawLine, url: string) {
  if (content === undefined) {
    throw new LineError(
      'line_too_large',
      `A line has at most ${String(CALL_BYTES_MAX)} bytes. Send large images as files, and name those.`,
    );
  }
  const line = new TextDecoder().decode(content);
  if (line.trim() === '') return undefined;
  const result = Line.safeParse(parseJson(line));
  if (!result.success) {
    const [issue] = result.error.issues;
    const param = issue?.path.join('.') ?? '';
    throw new LineError('invalid_request', `${param}: ${issue?.message ?? 'Invalid'}`, param);
  }
  const { custom_id: customId, body, url: given } = result.data;
  if (given !== url) {
    throw new LineError('invalid_url', `The batch is for ${url}, not for "${given}".`, 'url');
  }
  return { customId, body };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new LineError('invalid_json_line', 'The line is not valid JSON.');
  }
}

/** @throws whatever is not the line's fault */
function describe(error: unknown): Omit<BatchError, 'line'> {
  if (error instanceof LineError) {
    const { code, message, param } = error;
    return { code, message, param };
  }
  if (!(error instanceof AppError) || error.status >= 500) throw error;
  const { code, message, details } = error;
  const param = typeof details?.argument === 'string' ? `body.${details.argument}` : null;
  return { code: code.toLowerCase(), message, param };
}
