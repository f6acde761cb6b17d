// Anonymous sign-ins, a number at a time, each from another address of the loopback network; whoever is refused comes back
// when told to. Ends when its parent says so, and sends what was answered.
import { request } from 'node:http';

const { URL: url, AT_ONCE } = process.env;
const { hostname, port } = new URL(url);
const outcomes = {};
let isOver = false;
let addresses = 0;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function signIn() {
  addresses += 1;
  const localAddress = `127.${1 + ((addresses >> 14) & 127)}.${(addresses >> 7) & 127}.${2 + (addresses & 127)}`;
  const query = `mutation { signIn(input: { email: "nobody${addresses}@example.org", password: "wrong password" }) { token userErrors { code message path } } }`;
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const options = { hostname, port, path: '/graphql', method: 'POST', headers, localAddress };
    const sent = request({ ...options, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      response.on('error', reject).on('end', () => {
        const retryAfterS = Number(response.headers['retry-after'] ?? 0);
        resolve({ code: /"code":"(\w+)"/.exec(text)?.[1] ?? response.statusCode, retryAfterS });
      });
    });
    sent.on('error', reject).end(JSON.stringify({ query }));
  });
}

async function attacker() {
  // Not all at the same moment.
  await pause(Math.random() * 2_000);
  while (!isOver) {
    const { code, retryAfterS } = await signIn();
    outcomes[code] = (outcomes[code] ?? 0) + 1;
    await pause(retryAfterS * 1_000);
  }
}

process.on('message', async () => {
  isOver = true;
  await all;
  process.send({ outcomes }, () => process.disconnect());
});
process.on('disconnect', () => process.exit());
process.send({ isReady: true });
const all = Promise.all(Array.from({ length: Number(AT_ONCE) }, attacker));
