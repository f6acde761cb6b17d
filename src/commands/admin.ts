import { Command } from 'commander';
import type { Say } from '../app/startup.js';
import { adminAccountsCommand } from './admin-accounts.js';
import { adminDemandCommand } from './admin-demand.js';
import { adminModelsCommand } from './admin-models.js';
import { adminCreditsCommand, adminPromosCommand } from './admin-money.js';
import { adminDeadCommand, adminJobsCommand } from './admin-operations.js';
import { adminAuditCommand, adminOperatorsCommand } from './admin-people.js';

/**
 * `gigarouter admin`: what operators do over GraphQL, for scripts and for whoever has no account yet. The same
 * services do it; what is done is written down as done by the server, with the name of the system's user.
 */
export function adminCommand(say: Say): Command {
  const admin = new Command('admin').addHelpText(
    'after',
    '\nRun any command with --help for examples. Most accept --json for use in scripts.',
  );
  for (const command of [
    adminAccountsCommand(say),
    adminModelsCommand(say),
    adminDemandCommand(say),
    adminCreditsCommand(say),
    adminPromosCommand(say),
    adminDeadCommand(say),
    adminJobsCommand(say),
    adminAuditCommand(say),
    adminOperatorsCommand(say),
  ]) {
    admin.addCommand(command);
  }
  return admin;
}
