// One of the peers of bench:gateway, by PEER: a stub that answers at once, a bare reverse proxy in front of it, or
// the Portkey gateway.
import { createServer } from 'node:http';
import { createServer as createProbe } from 'node:net';

const { PEER, ANSWER, UPSTREAM } = process.env;
process.on('disconnect', () => process.exit());
const tell = (port) => process.send({ url: `http://127.0.0.1:${String(port)}` });

if (PEER === 'stub') {
  const head = {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(ANSWER)),
  };
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200, head).end(ANSWER));
  });
  server.listen(0, '127.0.0.1', () => tell(server.address().port));
} else if (PEER === 'proxy') {
  const { fastify } = await import('fastify');
  const { default: httpProxy } = await import('@fastify/http-proxy');
  const app = fastify();
  await app.register(httpProxy, { upstream: UPSTREAM });
  await app.listen({ port: 0, host: '127.0.0.1' });
  tell(app.server.address().port);
} else {
  const port = await freePort();
  process.argv.push(`--port=${String(port)}`, '--headless');
  await import('@portkey-ai/gateway/build/start-server.js');
  for (;;) {
    const up = await fetch(`http://127.0.0.1:${String(port)}/`).catch(() => undefined);
    if (up !== undefined) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  tell(port);
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createProbe().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
