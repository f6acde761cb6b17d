import { pino, type Logger as PinoLogger } from 'pino';

/**
 * The only fields that reach the log: names of things, numbers and states, never what a caller sent. Another one does
 * not compile; should one get here all the same, it is left out, so a key, an image or an address that is passed by
 * mistake stays out.
 */
export interface LogFields {
  readonly accountId?: string | undefined;
  /** Amount asked for, with its currency. */
  readonly asked?: string | undefined;
  readonly attempts?: number | undefined;
  readonly batchId?: string | undefined;
  readonly code?: string | undefined;
  readonly deliveryId?: string | undefined;
  readonly durationMs?: number | undefined;
  /** Name, code and stack of an error and its causes; none of their other fields. */
  readonly err?: unknown;
  readonly eventId?: string | undefined;
  /** Network address of a client. */
  readonly ipAddress?: string | undefined;
  readonly labelSetId?: string | undefined;
  readonly line?: number | undefined;
  readonly method?: string | undefined;
  readonly migrations?: number | undefined;
  /** Slug. */
  readonly model?: string | undefined;
  readonly models?: number | undefined;
  readonly objectId?: string | undefined;
  readonly operation?: string | undefined;
  /** Amount paid, with its currency. */
  readonly paid?: string | undefined;
  readonly pid?: number | undefined;
  readonly port?: number | undefined;
  readonly provider?: string | undefined;
  readonly purchaseId?: string | undefined;
  readonly reason?: string | undefined;
  readonly reportId?: string | undefined;
  readonly requestId?: string | undefined;
  readonly route?: string | undefined;
  readonly runId?: string | undefined;
  readonly signal?: string | undefined;
  readonly status?: number | undefined;
  readonly type?: string | undefined;
  readonly url?: string | undefined;
  readonly version?: string | null | undefined;
}

const FIELDS: Readonly<Record<keyof LogFields, true>> = {
  accountId: true,
  asked: true,
  attempts: true,
  batchId: true,
  code: true,
  deliveryId: true,
  durationMs: true,
  err: true,
  eventId: true,
  ipAddress: true,
  labelSetId: true,
  line: true,
  method: true,
  migrations: true,
  model: true,
  models: true,
  objectId: true,
  operation: true,
  paid: true,
  pid: true,
  port: true,
  provider: true,
  purchaseId: true,
  reason: true,
  reportId: true,
  requestId: true,
  route: true,
  runId: true,
  signal: true,
  status: true,
  type: true,
  url: true,
  version: true,
};

type Log = (fields: LogFields, message: string) => void;

export type Logger = Readonly<Record<'debug' | 'info' | 'warn' | 'error' | 'fatal', Log>>;

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const REDACTED = '[redacted]';

/** Of one text, in characters. */
const TEXT_MAX = 20_000;

/**
 * What a secret looks like, wherever it stands in a text. What a pattern captures stays. Repetitions before something
 * that has to follow are bounded, so that no text makes a pattern slow.
 */
const SECRETS: readonly RegExp[] = [
  // scheme://user:password@host; a password may itself contain @.
  /(\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@]{0,256}:)[^\s"'<>]{0,256}(?=@)/gi,
  // Keys of ours, of Stripe, Hugging Face, GitHub, and of OpenAI and those that imitate it.
  /\b((?:gr|sk|rk|whsec|hf|ghp|gho|github_pat)[_-])[A-Za-z0-9_-]{8,}/gi,
  // JSON Web Tokens.
  /\b(eyJ)[\w-]{8,}(?:\.[\w-]*){1,2}/g,
  // An `Authorization` header.
  /\b((?:bearer|basic)\s+)[\w.~+/=%-]{8,}/gi,
  // Cookies, as a header or one by one.
  /\b((?:set-)?cookie["']?\s*[:=]\s*["']?)[^\r\n"']+/gi,
  /(session_token=)[^\s;"']+/gi,
  // Links that carry a token, and settings that carry a password.
  /([?&](?:token|key|secret|code|state|signature|sig|password|api[_-]?key|access_token)=)[^\s&#"'<>]+/gi,
  /\b((?:password|passwd|pwd|secret|api[_-]?key)["']?\s*[=:]\s*["']?)[^\s"',;&]+/gi,
];

/** Any of them: most texts hold none, and are searched once. */
const ANY_SECRET = new RegExp(SECRETS.map(({ source }) => source).join('|'), 'i');

/** Text with credentials replaced by `[redacted]`, cut after 20,000 characters. */
export function redact(text: string): string {
  const cut = text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;
  if (!ANY_SECRET.test(cut)) return cut;
  return SECRETS.reduce((shown, secret) => shown.replace(secret, `$1${REDACTED}`), cut);
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
            .filter(([name]) => Object.hasOwn(FIELDS, name))
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
