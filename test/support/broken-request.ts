import { connect } from 'node:net';
import type { Random } from './random.js';

/** How a client ends what it has begun. */
export const ENDINGS = ['half-close', 'close', 'reset', 'reset on answer', 'silence'] as const;
export type Ending = (typeof ENDINGS)[number];

/** Bytes for one connection, and how it ends. */
export interface BrokenRequest {
  /** Says what it is when something goes wrong. */
  readonly name: string;
  /** Written one after the other; the pause between them lets the server see each. */
  readonly pieces: readonly Buffer[];
  readonly ending: Ending;
  /** Address of the client: what one has guessed wrongly is not held against others. */
  readonly from: string;
}

/** A client that waits for the server to end the connection waits so long. */
const PATIENCE_MS = 250;

/** Sends one to a port of this machine. @returns what came back, once the connection is gone */
export function sendBroken(port: number, { pieces, ending, from }: BrokenRequest): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1', localAddress: from, noDelay: true });
    // A connection that the server cuts is one of its answers.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(patience);
      resolve(Buffer.concat(chunks).toString('latin1'));
    });
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (ending === 'reset on answer') socket.resetAndDestroy();
    });
    let patience: NodeJS.Timeout | undefined;
    const end = () => {
      patience = setTimeout(() => socket.destroy(), PATIENCE_MS);
      if (ending === 'half-close') socket.end();
      else if (ending === 'close') socket.destroy();
      else if (ending === 'reset') socket.resetAndDestroy();
    };
    const next = (at: number) => {
      const piece = pieces[at];
      if (piece === undefined) end();
      else if (!socket.destroyed) {
        socket.write(piece, () => {
          setImmediate(next, at + 1);
        });
      }
    };
    socket.on('connect', () => {
      next(0);
    });
  });
}

/** Cuts, flips, doubles or stuffs bytes; or leaves them as they are. */
export function broken(random: Random, bytes: Buffer): Buffer {
  const at = random.int(0, bytes.length);
  const before = bytes.subarray(0, at);
  const after = bytes.subarray(at);
  switch (random.int(0, 6)) {
    case 0:
    case 1:
      return before;
    case 2: {
      const flipped = Buffer.from(bytes);
      if (at < bytes.length) flipped[at] = random.int(0, 255);
      return flipped;
    }
    case 3:
      return Buffer.concat([before, bytes.subarray(random.int(0, at), at), after]);
    case 4:
      return Buffer.concat([before, garbage(random), after]);
    default:
      return bytes;
  }
}

/** Up to 64 bytes of anything, or what parsers stumble over. */
export function garbage(random: Random): Buffer {
  const texts = ['\r\n\r\n', '\0', '\n', '\r', ' ', ':', '%', '0\r\n\r\n', '--', '{', '\uFFFD'];
  if (random.chance(0.5)) return Buffer.from(random.pick(texts) ?? '');
  return Buffer.from(Array.from({ length: random.int(1, 64) }, () => random.int(0, 255)));
}

/** Several pieces with the same bytes. */
export function inPieces(random: Random, bytes: Buffer): Buffer[] {
  if (random.chance(0.6) || bytes.length < 2) return [bytes];
  const at = random.int(1, bytes.length - 1);
  return [bytes.subarray(0, at), bytes.subarray(at)];
}
