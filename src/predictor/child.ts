import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { z } from 'zod';
import type { Logger } from '../platform/logger.js';
import type { PredictorAddress } from './client.js';

/** What the child says to its parent, once, when its models are warm. */
const readyMessage = z.object({ predictorUrl: z.url() });

export interface PredictorChildOptions {
  /** Program and arguments of a predictor that serves on a port of its choice; run by this Node. */
  readonly args: readonly string[];
  readonly logger: Logger;
  /** All of its environment, but for the token. */
  readonly env: NodeJS.ProcessEnv;
  /** A child that does not stop by itself is killed after this. */
  readonly stopTimeoutMs: number;
}

const BACK_OFF_MIN_MS = 100;
const BACK_OFF_MAX_MS = 10_000;
/** A child that served for so long has recovered: the next restart is quick again. */
const HEALTHY_AFTER_MS = 30_000;

/** OpenAI's clients ignore a longer `Retry-After`, and come back much earlier. */
const RETRY_AFTER_MAX_S = 60;

/**
 * Keeps one predictor running as a child: on a loopback port, with a secret that nobody else knows.
 * It is started again when it dies, after 0.1 s, then twice as long each time, up to 10 s.
 */
export class PredictorChild {
  private readonly token = randomBytes(32).toString('base64url');
  private child: ChildProcess | undefined;
  private url: string | undefined;
  private backOffMs = BACK_OFF_MIN_MS;
  private restart: NodeJS.Timeout | undefined;
  private stopping = false;
  private lastStartMs: number | undefined;

  constructor(private readonly options: PredictorChildOptions) {}

  /** Undefined while it starts, or between two lives. */
  readonly address = (): PredictorAddress | undefined =>
    this.url === undefined ? undefined : { url: this.url, token: this.token };

  /** Seconds that a start takes: as many as the last one, 1 to 60; undefined before the first. */
  readonly retryAfterS = (): number | undefined =>
    this.lastStartMs === undefined
      ? undefined
      : Math.min(Math.ceil(this.lastStartMs / 1_000), RETRY_AFTER_MAX_S);

  /** Resolves when the models are warm, or the first attempt has failed: it goes on trying then. Never rejects. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.run(resolve);
    });
  }

  async stop(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.restart);
    const { child } = this;
    if (child === undefined) return;
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), this.options.stopTimeoutMs);
    await exit;
    clearTimeout(kill);
  }

  /** One life of it, and the next ones. @param onSettled told when it is ready, or has ended */
  private run(onSettled: () => void): void {
    const startedAt = performance.now();
    let isOver = false;
    const end = (code: string) => {
      if (isOver) return;
      isOver = true;
      this.url = undefined;
      this.child = undefined;
      onSettled();
      if (!this.stopping) this.again(code, performance.now() - startedAt);
    };
    let child: ChildProcess;
    try {
      child = this.spawn();
    } catch (error) {
      end(codeOf(error));
      return;
    }
    this.child = child;
    child.on('message', (message) => {
      const ready = readyMessage.safeParse(message);
      if (!ready.success) return;
      this.url = ready.data.predictorUrl;
      this.lastStartMs = performance.now() - startedAt;
      onSettled();
    });
    child.on('exit', (code, signal) => {
      end(signal ?? String(code));
    });
    // Without a listener, a machine that has no room for another process would end this one. A child that runs, but
    // cannot be told something, ends by itself or is killed.
    child.on('error', (error) => {
      if (child.pid === undefined) end(codeOf(error));
    });
  }

  /** @throws some failures; others are told by its event `error` */
  private spawn(): ChildProcess {
    const { args, env } = this.options;
    return spawn(process.execPath, [...args], {
      // Its log goes with ours. It ends when the channel does: a parent that is killed leaves no child.
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...env, PREDICTOR_TOKEN: this.token },
    });
  }

  private again(code: string, livedMs: number): void {
    if (livedMs > HEALTHY_AFTER_MS) this.backOffMs = BACK_OFF_MIN_MS;
    this.options.logger.error(
      { code },
      `the predictor ended; it is started again in ${String(this.backOffMs)} ms`,
    );
    this.restart = setTimeout(() => {
      this.run(() => undefined);
    }, this.backOffMs);
    this.backOffMs = Math.min(this.backOffMs * 2, BACK_OFF_MAX_MS);
  }
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
