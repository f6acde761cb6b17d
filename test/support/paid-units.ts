import { type App, createApp } from '../../src/app/app.js';
import { type Config, readConfig } from '../../src/config/config.js';
import { uniquePicture } from './batches.js';
import { classified } from './callers.js';
import { type Caller, DEMO_MODEL } from './platform.js';
import { type GatedPlatform, startGatedPlatform } from './providers.js';

/** A picture that nobody has sent before. */
export const picture = () => ({ base64: uniquePicture() });

export interface PaidPlatform extends GatedPlatform {
  /** What a classification by the demo model cost, in nano-USD. @param url by default that of the platform */
  chargedFor(caller: Caller, more: object, url?: string): Promise<bigint>;
  /** Another server on the same database while `work` runs. */
  onServer<Result>(
    config: Partial<Config>,
    work: (server: { url: string; app: App }) => Promise<Result>,
  ): Promise<Result>;
  /** Ends what an account has paid for; a server that knows of it believes in it still. */
  endPayments(caller: Caller): Promise<unknown>;
}

/** Nothing runs in the background: runs that reach the gate are those of calls. */
export async function startPaidPlatform(
  config: Partial<Config> = {},
  predictorEnv: Record<string, string> = {},
): Promise<PaidPlatform> {
  const t = await startGatedPlatform(config, { background: false, predictorEnv });
  const { modelsDir, predictorUrl, database } = t;
  return {
    ...t,
    chargedFor: async (caller, more, url = t.url) => {
      const { cost } = await classified(url, caller, { model: DEMO_MODEL, ...more });
      return BigInt(cost.chargedNanos as string);
    },
    onServer: async (own, work) => {
      const settings = { ...readConfig({}), modelsDir, predictorUrl, ...own };
      const parts = { logger: t.app.logger, isCommand: true } as const;
      const app = await createApp(settings, database.url, parts);
      try {
        const url = await app.server.listen({ port: 0, host: '127.0.0.1' });
        return await work({ url, app });
      } finally {
        await app.stop();
      }
    },
    endPayments: ({ accountId }) =>
      database.query('UPDATE paid_unit SET expires_at = ledger_now() WHERE account_id = $1', [
        accountId,
      ]),
  };
}
