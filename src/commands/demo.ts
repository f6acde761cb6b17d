import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import { createApp } from '../app/app.js';
import { createPredictorChild, DEMO_MODEL, ensureModels } from '../app/local-models.js';
import { ensureAuthSecret, revokeDemoKey } from '../app/secrets.js';
import { applyMigrations, type Say, seedCatalogFolder, startDatabase } from '../app/startup.js';
import { type Config, readConfig } from '../config/config.js';
import { AppError } from '../errors.js';
import { createLogger } from '../platform/logger.js';
import { asAdmin } from './admin-app.js';
import { describeFindings } from './verify.js';

/** `gigarouter demo`: the whole way of a new user, in the terminal, on a server of its own. */
export function demoCommand(say: Say): Command {
  return new Command('demo')
    .option('--revoke-key', 'only revoke the key that `npm start` created for the demo account')
    .action(async ({ revokeKey }: { revokeKey?: true }) => {
      const config = readConfig();
      if (revokeKey) {
        await asAdmin(say, async (services) => {
          const revoked = await revokeDemoKey(config, services);
          print(revoked ? 'The demo key is revoked.' : 'There is no demo key that works.');
        });
        return;
      }
      const logger = createLogger('error');
      const cleanUp: (() => Promise<void>)[] = [];
      try {
        const database = await startDatabase(config, say);
        cleanUp.push(() => database.stop());
        await applyMigrations(config, database.url, say);
        await seedCatalogFolder(config, database.url, say);
        await ensureModels(config, say);
        const predictor = createPredictorChild(config, logger);
        cleanUp.push(() => predictor.stop());
        await predictor.start();
        const authSecret = await ensureAuthSecret(config);
        // Its mails are read here, so they go to the folder whatever is configured.
        const mail = { ...config.mail, smtpUrl: undefined };
        const app = await createApp({ ...config, authSecret, mail }, database.url, {
          logger,
          predictorAddress: predictor.address,
        });
        cleanUp.push(() => app.stop());
        const url = await app.server.listen({ port: 0, host: '127.0.0.1' });
        await tour(new Client(`${url}/graphql`), config);
        print('\nAnd the ledger, checked on everything that this database holds:\n');
        for (const line of describeFindings(await app.services.credits.verify())) print(line);
      } finally {
        for (const stop of cleanUp.reverse()) await stop();
      }
    });
}

async function tour(client: Client, { mail: { outboxDir }, demoModelDir }: Config): Promise<void> {
  const email = `demo-${randomBytes(4).toString('hex')}@example.org`;
  const password = randomBytes(12).toString('base64url');
  print(`\n1. ${email} signs up, and gets a mail.`);
  await client.ask(
    'mutation ($email: String!) { signUp(input: { email: $email, name: "Demo" }) { userErrors { message } } }',
    {
      email,
    },
  );
  await client.ask(
    'mutation ($token: String!, $password: String!) { verifyEmail(input: { token: $token, password: $password }) { userErrors { message } } }',
    { token: await tokenOfMail(outboxDir, email), password },
  );
  const { signIn } = await client.ask<{ signIn: { token: string } }>(
    'mutation ($email: String!, $password: String!) { signIn(input: { email: $email, password: $password }) { token userErrors { message } } }',
    { email, password },
  );
  client.token = signIn.token;

  const before = await client.balance();
  print(`2. The address is confirmed, with a password: ${dollars(before)} of free credit.`);
  const { createApiKey } = await client.ask<{ createApiKey: { secret: string } }>(
    'mutation { createApiKey(input: { name: "Demo", scopes: [INFERENCE, READ] }) { secret userErrors { message } } }',
  );
  client.token = createApiKey.secret;

  const picture = path.join(demoModelDir, 'samples/green-heart.png');
  print(`3. A key is made, and classifies ${path.relative(process.cwd(), picture)}:\n`);
  const { classifyImage } = await client.ask<Classified>(CLASSIFY, {
    image: await readFile(picture, 'base64'),
    labels: ['green heart', 'red circle', 'blue square', 'a cat'],
  });
  for (const { label, score } of classifyImage.classification.labels) {
    const bar = '█'.repeat(Math.round(score * 30));
    print(`   ${label.padEnd(12)} ${(score * 100).toFixed(1).padStart(5)} %  ${bar}`);
  }
  print('\n4. What it cost:\n');
  for (const { unit, ran, nanosPerUnit } of classifyImage.cost.units) {
    print(`   ${String(ran)} × ${unit} at ${dollars(BigInt(nanosPerUnit))}`);
  }
  print(
    `   ${dollars(before)} − ${dollars(BigInt(classifyImage.cost.chargedNanos))} = ${dollars(await client.balance())}`,
  );
  print('\n5. The ledger of the account, newest first:\n');
  const { account } = await client.ask<Ledger>(
    '{ account { ledger { edges { node { sequence kind nanos balanceAfterNanos transactionId } } } } }',
  );
  for (const { node } of account.ledger.edges) {
    print(
      `   ${node.sequence.padStart(3)}  ${node.kind.padEnd(8)} ${dollars(BigInt(node.nanos)).padStart(14)} → ${dollars(BigInt(node.balanceAfterNanos)).padStart(12)}  ${node.transactionId}`,
    );
  }
}

const CLASSIFY = `mutation ($image: String!, $labels: [String!]!) {
  classifyImage(input: { model: "${DEMO_MODEL}", image: { base64: $image }, labels: $labels }) {
    classification { labels { label score } }
    cost { chargedNanos units { unit ran nanosPerUnit } }
    userErrors { message }
  }
}`;

interface Classified {
  classifyImage: {
    classification: { labels: { label: string; score: number }[] };
    cost: { chargedNanos: string; units: { unit: string; ran: number; nanosPerUnit: string }[] };
  };
}

interface Ledger {
  account: {
    ledger: {
      edges: {
        node: Record<'sequence' | 'kind' | 'nanos' | 'balanceAfterNanos' | 'transactionId', string>;
      }[];
    };
  };
}

interface Told {
  readonly message: string;
}

/** Speaks GraphQL as any caller does. */
class Client {
  token: string | undefined;

  constructor(private readonly url: string) {}

  async ask<Data>(query: string, variables: object = {}): Promise<Data> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
      },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await response.json()) as {
      data: Data & Record<string, { userErrors?: Told[] } | null>;
      errors?: Told[];
    };
    const [error] = errors ?? Object.values(data).flatMap((payload) => payload?.userErrors ?? []);
    if (error !== undefined) throw new AppError('INTERNAL', error.message);
    return data;
  }

  async balance(): Promise<bigint> {
    const { account } = await this.ask<{ account: { balance: { postedNanos: string } } }>(
      '{ account { balance { postedNanos } } }',
    );
    return BigInt(account.balance.postedNanos);
  }
}

/** Longest wait for a mail, which is sent after the answer. */
const MAIL_MS = 30_000;

/** What the newest mail to an address carries; waits for it. */
async function tokenOfMail(outboxDir: string, email: string): Promise<string> {
  const deadline = performance.now() + MAIL_MS;
  while (performance.now() < deadline) {
    const names = await readdir(outboxDir).catch(() => []);
    for (const name of names
      .filter((one) => one.endsWith('.eml'))
      .sort()
      .reverse()) {
      const mail = await readFile(path.join(outboxDir, name), 'utf8');
      if (!mail.includes(email)) continue;
      // Quoted-printable: lines end with "=", and "=" is "=3D".
      const text = mail.replace(/=\r?\n/g, '').replaceAll('=3D', '=');
      const token = /[?&]token=([^\s&]+)/.exec(text)?.[1];
      if (token !== undefined) return decodeURIComponent(token);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new AppError('NOT_FOUND', `No email to ${email} found in ${outboxDir}.`);
}

function dollars(nanos: bigint): string {
  const digits = (nanos < 0n ? -nanos : nanos).toString().padStart(10, '0');
  const cents = digits.slice(-9).replace(/0{1,7}$/, '');
  return `${nanos < 0n ? '−' : ''}$${digits.slice(0, -9)}.${cents}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
