// The server that `npm run test:clients` runs clients against, and a key for all of it.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { node, root } from './prepare.mjs';

/** A server as `npm start` starts it, with data of its own. */
export async function startServer(data) {
  const [port, stripePort] = [await freePort(), await freePort()];
  const child = spawn(node(), ['dist/main.js'], {
    cwd: root,
    env: {
      PATH: process.env.PATH ?? '',
      PORT: String(port),
      STRIPE_DOUBLE_PORT: String(stripePort),
      DATA_DIR: data,
      LOG_LEVEL: 'warn',
      CORS_ORIGINS: '*',
      HUB_SYNC_HOURS: '0',
      // Generated requests come faster than people’s.
      RATE_PER_MINUTE: '1000000',
      ANONYMOUS_PER_MINUTE: '0',
    },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  let progress = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (progress += text));
  const url = `http://127.0.0.1:${port}`;
  process.env.GIGAROUTER_URL = url;
  process.env.GIGAROUTER_STRIPE_URL = `http://127.0.0.1:${stripePort}`;
  process.env.GIGAROUTER_IMAGE = path.join(root, 'models/demo-shapes/samples/green-heart.png');
  try {
    await untilReady();
  } catch (error) {
    child.kill('SIGTERM');
    throw error;
  }
  return child;

  async function untilReady() {
    await until('the server', async () => {
      if (child.exitCode !== null) throw new Error(`The server ended instead:\n${progress}`);
      const address = `${url}/v2/models/gigarouter/demo-shapes/ready`;
      const response = await fetch(address).catch(() => undefined);
      return response?.ok === true;
    });
    process.env.GIGAROUTER_KEY = readFileSync(path.join(data, 'demo-key'), 'utf8').trim();
    process.env.GIGAROUTER_ADMIN_KEY = await newAdminKey(url, path.join(data, 'outbox'));
  }
}

/** A new person's key with every scope: signs up, confirms the mailed address, signs in. */
async function newAdminKey(url, outbox) {
  const email = `clients-${randomUUID()}@example.org`;
  const password = randomUUID();
  const ask = async (query, variables, token) => {
    const answer = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = await answer.json();
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    return data;
  };
  await ask(
    'mutation ($email: String!) { signUp(input: { email: $email, name: "Clients" }) { userErrors { code message path } } }',
    {
      email,
    },
  );
  let token;
  await until('the mail', () => (token = tokenOfMail(outbox, email)) !== undefined);
  await ask(
    'mutation ($token: String!, $password: String!) { verifyEmail(input: { token: $token, password: $password }) { userErrors { code message path } } }',
    { token, password },
  );
  const { signIn } = await ask(
    'mutation ($email: String!, $password: String!) { signIn(input: { email: $email, password: $password }) { token userErrors { code message path } } }',
    { email, password },
  );
  const { createApiKey } = await ask(
    'mutation { createApiKey(input: { name: "clients", scopes: [INFERENCE, READ, BILLING, ADMIN] }) { secret userErrors { code message path } } }',
    {},
    signIn.token,
  );
  return createApiKey.secret;
}

/** undefined until it was sent. */
function tokenOfMail(outbox, email) {
  const names = existsSync(outbox) ? readdirSync(outbox) : [];
  for (const name of names.filter((one) => one.endsWith('.eml'))) {
    const mail = readFileSync(path.join(outbox, name), 'utf8');
    // Quoted-printable: lines end with "=", and "=" is "=3D".
    const text = mail.replace(/=\r?\n/g, '').replaceAll('=3D', '=');
    const token = /[?&]token=([^\s&]+)/.exec(text)?.[1];
    if (mail.includes(email) && token !== undefined) return decodeURIComponent(token);
  }
  return undefined;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

async function until(what, probe) {
  const deadline = Date.now() + 240_000;
  while (!(await probe())) {
    if (Date.now() > deadline) throw new Error(`Waited four minutes for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
