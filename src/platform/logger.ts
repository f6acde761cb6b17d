import { pino, type Logger as PinoLogger } from 'pino';

export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error' | 'fatal'>;

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * The only fields that reach the log. A field that is not listed is dropped, so a key, an image or
 * an address that is passed by mistake stays out.
 */
const ALLOWED_FIELDS = new Set([
  'purchaseId',
  'reportId',
  'reason',
  'eventId',
  'type',
  'version',
  'attempts',
  'asked',
  'paid',
  'requestId',
  'method',
  'route',
  'status',
  'durationMs',
  'operation',
  'code',
  'err',
  'signal',
  'url',
  'migrations',
  'models',
  'pid',
  'port',
]);

/** `scheme://user:password@` and our own secret prefixes, wherever they stand in a text. */
const SECRETS =
  /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s@/]+@|\b((?:sk|rk|whsec|gr)_)[A-Za-z0-9_-]{8,}/gi;

/** Text with credentials replaced by `[redacted]`. */
export function redact(text: string): string {
  return text.replace(SECRETS, (_match, url: string | undefined, prefix: string | undefined) =>
    url === undefined ? `${prefix ?? ''}[redacted]` : `${url}[redacted]@`,
  );
}

/**
 * JSON lines on stdout (or `destination`), one object a line; control characters are escaped by JSON.
 * Safe to share between requests.
 */
export function createLogger(level: LogLevel, destination?: { write(line: string): void }): Logger {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) =>
        Object.fromEntries(
          Object.entries(fields)
            .filter(([name]) => ALLOWED_FIELDS.has(name))
            .map(([name, value]) => [name, typeof value === 'string' ? redact(value) : value]),
        ),
    },
    serializers: { err: describeError },
    hooks: {
      logMethod(
        this: PinoLogger,
        args: Parameters<PinoLogger['info']>,
        method: PinoLogger['info'],
      ) {
        method.apply(
          this,
          args.map((arg) => (typeof arg === 'string' ? redact(arg) : arg)) as typeof args,
        );
      },
    },
  };
  return pino(options, destination ?? standardOutput());
}

/** Lines that may wait for a disk that is full, in bytes; what is more is lost. */
const WAITING_BYTES_MAX = 2 ** 20;

/** Standard output. What cannot be written, as the disk is full or the reader has gone, ends nothing but the log. */
function standardOutput() {
  const stream = pino.destination({ dest: 1, sync: true, maxLength: WAITING_BYTES_MAX });
  stream.on('error', () => undefined);
  return stream;
}

/** Name, code and stack of an error and its causes (at most five), without their other fields. */
function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { name: typeof error };
  const code: unknown = Reflect.get(error, 'code');
  return {
    name: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    stack: redact(error.stack ?? error.message),
    ...(error.cause !== undefined && depth < 4
      ? { cause: describeError(error.cause, depth + 1) }
      : {}),
  };
}
