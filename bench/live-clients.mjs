// Subscribers in a process of their own: 1,000 clients beside the server would be measured with it.
// Sends { ready } when all have their first event, then { at, event } of the first subscriber's events.
import http from 'node:http';
import WebSocket from 'ws';

const { URL: url, KEYS: keys, COUNT: count, TRANSPORT: transport } = process.env;
const secrets = JSON.parse(keys);
const query = 'subscription { balanceChanged { balance { postedNanos } } }';
let ready = 0;
const told = (n, text) => {
  if (n === 0) process.send({ at: performance.timeOrigin + performance.now(), text });
};
const first = new Set();
const onEvent = (n, text) => {
  if (!first.has(n)) {
    first.add(n);
    ready += 1;
    if (ready === Number(count)) process.send({ ready });
  } else told(n, text);
};
const agent = new http.Agent({ maxSockets: Infinity });

function overWebSocket(n, secret) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  socket.on('open', () => {
    const payload = { authorization: `Bearer ${secret}` };
    socket.send(JSON.stringify({ type: 'connection_init', payload }));
  });
  socket.on('message', (data) => {
    const message = JSON.parse(data);
    if (message.type === 'connection_ack')
      socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query } }));
    else if (message.type === 'next') onEvent(n, String(data));
  });
  socket.on('close', (code, reason) => {
    throw new Error(`closed: ${code} ${reason}`);
  });
}

function overEvents(n, secret) {
  const request = http.request(`${url}/graphql/stream`, {
    method: 'POST',
    agent,
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      authorization: `Bearer ${secret}`,
    },
  });
  request.on('response', (response) => {
    if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
    response.setEncoding('utf8').on('data', (text) => {
      for (const part of text.split('\n\n')) if (part.includes('data: ')) onEvent(n, part);
    });
  });
  request.end(JSON.stringify({ query }));
}

for (let n = 0; n < Number(count); n++) {
  (transport === 'websocket' ? overWebSocket : overEvents)(n, secrets[n % secrets.length]);
  if (n % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 50));
}
process.on('disconnect', () => process.exit());
