import type { IncomingMessage, Server } from 'node:http';

/** What is still read of a body after its answer, and for how long. */
const REST_BYTES_MAX = 16 * 2 ** 20;
const REST_MS = 5_000;

/**
 * Sees to requests that are answered before their body has come, such as a refused upload: the rest is read and thrown
 * away, so that the connection can carry the next request; a rest that is too long or too slow closes the connection.
 * Node reads on only where nothing had begun to read, and other connections would hang until they time out.
 */
export function finishUnreadBodies(server: Server): void {
  server.prependListener('request', (request, response) => {
    response.once('finish', () => {
      if (!request.complete && !request.destroyed) discardRest(request);
    });
  });
}

function discardRest(request: IncomingMessage): void {
  const { socket } = request;
  const timer = setTimeout(() => {
    socket.destroy();
  }, REST_MS).unref();
  request.once('close', () => {
    clearTimeout(timer);
  });
  let bytes = 0;
  // Whatever began to read has refused what it read.
  request.unpipe();
  request.removeAllListeners('readable');
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= REST_BYTES_MAX) return;
    // Not cut off yet: that would take the answer from a sender that has not read it.
    request.pause();
    socket.end();
  });
  request.resume();
}
