import { Command } from 'commander';
import { type Say, startDatabase } from '../app/startup.js';
import { readConfig } from '../config/config.js';
import { openServices } from '../app/open-services.js';
import { systemActor } from './admin-app.js';

/** `gigarouter operator <email>`: the first operator of a server can only be made by who runs it. */
export function operatorCommand(say: Say): Command {
  return new Command('operator')
    .argument('<email>', 'email address with which the person signs in')
    .option('--revoke', 'revoke operator rights instead')
    .action(async (email: string, { revoke }: { revoke?: true }) => {
      const config = readConfig();
      const server = await startDatabase(config, say);
      try {
        const { services, close } = await openServices(config, server.url);
        try {
          await services.accounts.setOperator(email, revoke !== true, systemActor());
          say(`${email} is ${revoke === true ? 'no longer' : 'now'} an operator.`);
        } finally {
          await close();
        }
      } finally {
        await server.stop();
      }
    });
}
