import { type AddressInfo, createServer, type Socket } from 'node:net';
import { broken } from './broken-request.js';
import type { Random } from './random.js';

/** A server on 127.0.0.1 that answers wrongly and breaks off, each connection in its own way. */
export interface BrokenPeer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Answers as an HTTP server would, but cut, flipped, stuffed, and with an end of its own.
 * @param answers whole ones, to be broken
 */
export function startBrokenHttpPeer(
  random: Random,
  answers: readonly Buffer[],
): Promise<BrokenPeer> {
  return listen((socket) => {
    if (random.chance(0.1)) {
      socket.resetAndDestroy();
      return;
    }
    socket.once('data', () => {
      const answer = broken(random, random.pick(answers) ?? Buffer.alloc(0));
      breakOff(random, socket, answer);
    });
  });
}

// cspell:ignore EHLO

/** Speaks SMTP up to some point of a mail, where it says nonsense, resets or hangs up. */
export function startBrokenSmtpPeer(random: Random): Promise<BrokenPeer> {
  return listen((socket) => {
    let lines = random.int(0, 9);
    const say = (text: string) => {
      lines -= 1;
      if (lines > 0) socket.write(`${text}\r\n`);
      else breakOff(random, socket, broken(random, Buffer.from(`${text}\r\n`)));
    };
    let isMessage = false;
    let message = '';
    socket.on('data', (chunk) => {
      const text = String(chunk);
      if (isMessage) {
        message += text;
        if (!message.endsWith('\r\n.\r\n')) return;
        isMessage = false;
        say('250 Kept');
        return;
      }
      isMessage = text.startsWith('DATA');
      if (text.startsWith('EHLO')) say('250-hello\r\n250 SIZE 1000000');
      else if (isMessage) say('354 Go on');
      else say(text.startsWith('QUIT') ? '221 Bye' : '250 Fine');
    });
    say('220 ready');
  });
}

function breakOff(random: Random, socket: Socket, last: Buffer): void {
  socket.write(last, () => {
    const how = random.int(0, 2);
    if (how === 0) socket.resetAndDestroy();
    else if (how === 1) socket.end();
    else socket.destroy();
  });
}

async function listen(serve: (socket: Socket) => void): Promise<BrokenPeer> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    // What its client does to the connection is the test's own doing.
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) =>
        server.close(() => {
          resolve();
        }),
      );
    },
  };
}
