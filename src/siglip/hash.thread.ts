/** The thread that hashes for {@link HashThread}: pieces in the order they come, until asked for the result. */
import { createHash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';

/** A piece in shared memory, or the end. */
export type HashRequest = { readonly bytes: Uint8Array } | 'digest';

/** To a piece: it is hashed and its memory free again. To the end: the SHA-256 in hex. */
export type HashAnswer = 'hashed' | { readonly sha256: string };

const hash = createHash('sha256');

parentPort?.on('message', (request: HashRequest) => {
  if (request === 'digest') {
    parentPort?.postMessage({ sha256: hash.digest('hex') } satisfies HashAnswer);
    parentPort?.close();
    return;
  }
  hash.update(request.bytes);
  parentPort?.postMessage('hashed' satisfies HashAnswer);
});
