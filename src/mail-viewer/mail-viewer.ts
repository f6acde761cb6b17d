import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { pageHeaders } from '../http/browser.js';
import { findMail, listMails } from './outbox.js';
import { listPage, mailPage, notFoundPage } from './page.js';

/** Loopback only: the mails hold links that sign people in. */
const HOST = '127.0.0.1';
const OWN_NAMES: readonly string[] = [HOST, 'localhost'];
const MAILS_MAX = 100;

export interface MailViewer {
  /** Without a trailing slash. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Serves the outbox folder as web pages on this machine's loopback address, for development: a server without `SMTP_URL`
 * writes mails there instead of sending them. Never runs in production.
 * @param options `port` 0 lets the system choose
 * @throws Error EADDRINUSE
 */
export async function startMailViewer(options: {
  outboxDir: string;
  port: number;
}): Promise<MailViewer> {
  const { outboxDir, port } = options;
  const app = fastify({ logger: false, forceCloseConnections: true });
  app.addHook('onRequest', (request, reply, next) => {
    void reply.headers({
      ...pageHeaders({ 'style-src': "'unsafe-inline'" }),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    // DNS rebinding: the name of another site may resolve to this address.
    if (OWN_NAMES.includes(request.hostname)) next();
    else void reply.status(403).send('Open the mail viewer by the name localhost.');
  });
  app.get('/', async (_request, reply) => {
    const mails = await listMails(outboxDir, MAILS_MAX + 1);
    const page = listPage(mails.slice(0, MAILS_MAX), mails.length > MAILS_MAX);
    return reply.type('text/html').send(page);
  });
  app.get<{ Params: { id: string } }>('/mails/:id', async (request, reply) => {
    const mail = await findMail(outboxDir, request.params.id);
    if (mail === undefined) return reply.status(404).type('text/html').send(notFoundPage());
    return reply.type('text/html').send(mailPage(mail));
  });
  await app.listen({ host: HOST, port });
  const { port: chosen } = app.server.address() as AddressInfo;
  return { url: `http://localhost:${String(chosen)}`, stop: () => app.close() };
}
