import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { HashAnswer, HashRequest } from './hash.thread.js';

/**
 * SHA-256 in a thread of its own. It goes through 1.8 GB a second at best and cannot be divided, so that
 * what is done to the same bytes meanwhile costs no time where there is a second core.
 */
export class HashThread {
  // Tests run the sources.
  private readonly worker = new Worker(
    new URL(`./hash.thread${extname(import.meta.url)}`, import.meta.url),
  );
  private readonly waiting: {
    resolve: (answer: HashAnswer) => void;
    reject: (e: Error) => void;
  }[] = [];

  constructor() {
    this.worker.on('message', (answer: HashAnswer) => {
      this.waiting.shift()?.resolve(answer);
    });
    this.worker.on('error', (error: Error) => {
      for (const { reject } of this.waiting.splice(0)) reject(error);
    });
  }

  /**
   * Hashes these bytes after the ones before.
   *
   * @param bytes in shared memory; anything else would be copied
   * @returns when the memory may be written again
   */
  async update(bytes: Uint8Array): Promise<void> {
    await this.ask({ bytes });
  }

  /** SHA-256 of all, in hex. Ends the thread. */
  async digest(): Promise<string> {
    const answer = await this.ask('digest');
    if (answer === 'hashed') throw new RangeError('The hash was asked for twice.');
    return answer.sha256;
  }

  /** Ends the thread, whatever it does. Safe to repeat. */
  async stop(): Promise<void> {
    await this.worker.terminate();
  }

  private ask(request: HashRequest): Promise<HashAnswer> {
    const answer = new Promise<HashAnswer>((resolve, reject) => {
      this.waiting.push({ resolve, reject });
    });
    this.worker.postMessage(request);
    return answer;
  }
}
