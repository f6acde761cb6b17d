import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import pg from 'pg';

/** A session at PostgreSQL that clients take turns with. */
interface Session {
  readonly client: pg.Client;
  readonly socket: Socket;
  /** Who has it, until its transaction is over. */
  user: ((bytes: Buffer) => void) | undefined;
  /** Answers (ReadyForQuery) that are still to come. */
  owed: number;
  /** What came of a message so far. */
  rest: Buffer;
}

export interface Pooler {
  readonly url: string;
  /** Names of all start-up parameters that clients sent. */
  readonly startUpNames: ReadonlySet<string>;
  close(): Promise<void>;
}

const SSL_REQUEST = 80_877_103;
const CANCEL_REQUEST = 80_877_102;

/**
 * A connection pooler in transaction mode, as PgBouncer before 1.21: clients share a few sessions, each has one from the
 * first message of a transaction until its end, start-up options go nowhere, and nothing is known of prepared statements.
 * @param url of the database
 */
export async function startPooler(url: string, sessionsMax = 2): Promise<Pooler> {
  const sessions = await Promise.all(Array.from({ length: sessionsMax }, () => openSession(url)));
  const waiting: (() => void)[] = [];
  const usedBy = new Map<number, () => Session | undefined>();
  const startUpNames = new Set<string>();
  const sockets = new Set<Socket>();
  let clients = 0;

  const free = (session: Session) => {
    session.user = undefined;
    waiting.shift()?.();
  };
  for (const session of sessions) {
    session.socket.on('data', (bytes: Buffer) => {
      const { messages, rest } = split(Buffer.concat([session.rest, bytes]));
      session.rest = rest;
      for (const message of messages) {
        session.user?.(message);
        if (message[0] !== 0x5a) continue; // ReadyForQuery
        session.owed -= 1;
        if (session.owed === 0 && message[5] === 0x49) free(session); // idle
      }
    });
  }
  const take = async (user: (bytes: Buffer) => void): Promise<Session> => {
    for (;;) {
      // The one that was freed longest ago comes last, so that clients do not keep theirs.
      const session = sessions.find((one) => one.user === undefined);
      if (session !== undefined) {
        sessions.push(...sessions.splice(sessions.indexOf(session), 1));
        session.user = user;
        return session;
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };

  const serve = async (socket: Socket) => {
    const id = (clients += 1);
    let session: Session | undefined;
    usedBy.set(id, () => session);
    const answer = (bytes: Buffer) => {
      socket.write(bytes);
      if (session?.user !== answer) session = undefined;
    };
    socket.on('close', () => {
      if (session?.user !== answer) return;
      // Its transaction ends with it; what is still to come is for nobody.
      session.user = () => undefined;
      session.owed += 1;
      session.socket.write(message('Q', Buffer.from('ROLLBACK\0')));
    });
    let pending = Buffer.alloc(0);
    let isStarted = false;
    for await (const bytes of socket) {
      pending = Buffer.concat([pending, bytes as Buffer]);
      while (!isStarted && pending.length >= 8) {
        const length = pending.readInt32BE(0);
        if (pending.length < length) break;
        const code = pending.readInt32BE(4);
        const body = pending.subarray(8, length);
        pending = pending.subarray(length);
        if (code === SSL_REQUEST) socket.write('N');
        else if (code === CANCEL_REQUEST) {
          const used = usedBy.get(body.readInt32BE(0))?.();
          if (used !== undefined) await cancel(url, used.client);
          socket.end();
          return;
        } else {
          const words = body.toString().split('\0');
          for (let at = 0; at + 1 < words.length; at += 2) {
            if (words[at] !== '') startUpNames.add(words[at] ?? '');
          }
          socket.write(hello(id));
          isStarted = true;
        }
      }
      if (!isStarted) continue;
      const { messages, rest } = split(pending);
      pending = Buffer.from(rest);
      for (const message of messages) {
        if (message[0] === 0x58) return; // Terminate
        if (session?.user !== answer) session = await take(answer);
        if (message[0] === 0x51 || message[0] === 0x53) session.owed += 1; // Query, Sync
        session.socket.write(message);
      }
    }
  };

  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    void serve(socket)
      .catch(() => undefined)
      .finally(() => {
        sockets.delete(socket);
        socket.destroy();
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: Object.assign(new URL(url), { host: `127.0.0.1:${String(port)}` }).href,
    startUpNames,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      for (const { socket } of sessions) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Signed in by `pg`, which then lets go of the socket. */
async function openSession(url: string): Promise<Session> {
  const client = new pg.Client({ connectionString: url, application_name: 'pooler' });
  client.on('error', () => undefined);
  await client.connect();
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  stream.removeAllListeners('data');
  stream.on('error', () => undefined);
  return { client, socket: stream, user: undefined, owed: 0, rest: Buffer.alloc(0) };
}

async function cancel(url: string, client: pg.Client): Promise<void> {
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
  const socket = connect(Number(new URL(url).port), new URL(url).hostname);
  const packet = Buffer.alloc(16);
  packet.writeInt32BE(16, 0);
  packet.writeInt32BE(CANCEL_REQUEST, 4);
  packet.writeInt32BE(processID, 8);
  packet.writeInt32BE(secretKey, 12);
  socket.end(packet);
  socket.resume();
  await once(socket, 'close');
}

/** AuthenticationOk, one ParameterStatus, BackendKeyData and ReadyForQuery. */
function hello(id: number): Buffer {
  const key = Buffer.alloc(8);
  key.writeInt32BE(id, 0);
  return Buffer.concat([
    message('R', Buffer.alloc(4)),
    message('S', Buffer.from('server_version\x0018.0\0')),
    message('K', key),
    message('Z', Buffer.from('I')),
  ]);
}

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** Whole messages, and the beginning of the next one. */
function split(bytes: Buffer): { messages: Buffer[]; rest: Buffer } {
  const messages: Buffer[] = [];
  let at = 0;
  while (bytes.length - at >= 5) {
    const end = at + 1 + bytes.readInt32BE(at + 1);
    if (end > bytes.length) break;
    messages.push(bytes.subarray(at, end));
    at = end;
  }
  return { messages, rest: bytes.subarray(at) };
}
