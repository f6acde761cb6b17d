import { Command, Option } from 'commander';
import { ConfigError, readConfig } from '../config/config.js';
import { VERSION } from '../platform/version.js';
import { isLoopback } from '../platform/public-address.js';
import { createLogger } from '../platform/logger.js';
import { startPredictor } from '../predictor/serve.js';

/** `gigarouter predictor`: serves the models until it is told to stop. The api starts one as its child. */
export function predictorCommand(): Command {
  return new Command('predictor')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addOption(
      new Option('--port <number>', 'port to listen on; 0 picks a free port')
        .default(8000)
        .argParser(Number),
    )
    .action(serve);
}

async function serve({ host, port }: { host: string; port: number }): Promise<void> {
  const { modelsDir, predictor, logLevel, shutdownTimeoutMs } = readConfig();
  if (predictor.token === undefined && !isLoopback(host)) {
    throw new ConfigError(
      `Whoever reaches ${host} could run models for free. Set PREDICTOR_TOKEN here and at the api, or listen on 127.0.0.1.`,
    );
  }
  const logger = createLogger(logLevel);
  const served = await startPredictor({
    modelsDir,
    host,
    port,
    logger,
    version: VERSION,
    token: predictor.token,
    variants: predictor.variants,
    executor: { threads: predictor.threads, prepack: predictor.prepack },
    rules: predictor.rules,
    onDeath: (err) => {
      logger.error({ err }, 'the inference thread died');
      process.exit(1);
    },
  });
  if (process.send === undefined) process.stderr.write(`predictor: ${served.url}/v2\n`);
  else {
    // A parent that is gone has closed the channel: that is seen below.
    process.send({ predictorUrl: served.url }, undefined, undefined, () => undefined);
  }
  await toldToStop();
  // A run cannot be broken off from outside without an abort of the process; this is that abort.
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), shutdownTimeoutMs).unref();
  await served.stop();
  if (process.connected) process.disconnect();
}

function toldToStop(): Promise<void> {
  // Ctrl-C reaches the whole process group. A child leaves it to its parent, which finishes its own requests
  // first, and ends with the parent's end of the channel.
  const isChild = process.send !== undefined;
  if (isChild) process.on('SIGINT', () => undefined);
  return new Promise((resolve) => {
    // The parent may have ended while the models were loaded: nothing says so again.
    if (isChild && !process.connected) {
      resolve();
      return;
    }
    for (const event of isChild ? ['SIGTERM', 'disconnect'] : ['SIGINT', 'SIGTERM']) {
      process.once(event, () => {
        resolve();
      });
    }
  });
}
