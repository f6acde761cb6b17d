import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Config, ConfigError } from './config.js';

/** Where the secret of the demo account's key lies. */
export function demoKeyFile({ dataDir }: Pick<Config, 'dataDir'>): string {
  return path.join(dataDir, 'demo-key');
}

/**
 * Refuses to serve the public (`NODE_ENV=production`, or an https `PUBLIC_URL`) with what is made for development.
 * @throws ConfigError with one line for each setting that is missing
 */
export function refuseUnsafeProduction(config: Config): void {
  if (!config.production) return;
  const faults: string[] = [];
  if (config.stripe === undefined && !config.allowStripeDouble) {
    faults.push(
      'STRIPE_SECRET_KEY: without it a local double of Stripe takes payments that nobody makes, and gives credit for them. Set it and STRIPE_WEBHOOK_SECRETS, or ALLOW_STRIPE_DOUBLE=true.',
    );
  }
  if (config.authSecret === undefined) {
    faults.push(
      'AUTH_SECRET: it signs sessions, and has to be the same on every server and after each start. Set it to the output of: openssl rand -base64 32',
    );
  }
  if (!config.allowDemoKey && existsSync(demoKeyFile(config))) {
    faults.push(
      `the key in ${demoKeyFile(config)} opens an account with credit. Revoke it with: npm run gigarouter -- demo --revoke-key; or set ALLOW_DEMO_KEY=true.`,
    );
  }
  if (faults.length === 0) return;
  const why =
    config.nodeEnv === 'production' ? 'NODE_ENV is production' : 'PUBLIC_URL begins with https://';
  throw new ConfigError(
    `This server is for the public (${why}), and is not configured for it:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
  );
}
