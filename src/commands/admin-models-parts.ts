import { text } from 'node:stream/consumers';
import { Argument, Command, InvalidArgumentError } from 'commander';
import type { Say } from '../app/startup.js';
import type { Provider } from '../catalog/index.js';
import { SYSTEM } from '../platform/actor.js';
import { asAdmin, type Json, JSON_FLAG, show } from './admin-app.js';

const model = () => new Argument('<model>', 'slug, alias or ID of the model');

interface AddOptions extends Json {
  readonly priority: number;
  readonly tokenStdin?: true;
  readonly disabled?: true;
  readonly builtIn?: true;
}

/** `gigarouter admin models providers`. */
export function adminProvidersCommand(say: Say): Command {
  const providers = new Command('providers')
    .description('manage the providers that serve a model')
    .addHelpText(
      'after',
      `
Examples:
  gigarouter admin models providers add owner/name gpu-1 https://gpu-1:8000 --token-stdin < token
  gigarouter admin models providers disable prv_01j…
  gigarouter admin models providers list owner/name --json`,
    );
  providers
    .command('list')
    .description('list the providers of a model by priority; none means the built-in predictor')
    .addArgument(model())
    .option(...JSON_FLAG)
    .action((key: string, options: Json) =>
      asAdmin(say, async (services) => {
        const found = await services.providers.list(key);
        show(options, { providers: found }, found.map(toRow));
      }),
    );
  providers
    .command('add')
    .description('add a provider, which receives calls once its golden scores are verified')
    .addArgument(model())
    .argument('<name>', 'name of the provider: lowercase letters, digits and hyphens')
    .argument('[url]', 'base URL (http:// or https://); omit with --built-in')
    .option(
      '--priority <0-1000>',
      'priority; healthy providers with a higher priority are used first',
      toPriority,
      0,
    )
    .option('--token-stdin', 'read the bearer token from stdin')
    .option('--built-in', 'use the predictor included with the server')
    .option('--disabled', 'add the provider without enabling it')
    .option(...JSON_FLAG)
    .action((key: string, name: string, url: string | undefined, options: AddOptions) =>
      asAdmin(say, async (services, by) => {
        const provider = await services.providers.add({ ...SYSTEM, ...by }, key, {
          name,
          protocol: options.builtIn ? 'BUILT_IN' : 'OPEN_INFERENCE',
          url,
          // An argument could be read by everybody on the machine.
          token: options.tokenStdin ? (await text(process.stdin)).trim() : undefined,
          priority: options.priority,
          enabled: options.disabled !== true,
        });
        show(options, provider, [toRow(provider)]);
      }),
    );
  for (const [name, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    providers
      .command(name)
      .description(
        enabled ? 'allow a provider to receive calls' : 'stop sending calls to a provider',
      )
      .argument('<id>', 'provider ID (prv_…)')
      .option(...JSON_FLAG)
      .action((id: string, options: Json) =>
        asAdmin(say, async (services, by) => {
          const provider = await services.providers.edit({ ...SYSTEM, ...by }, id, { enabled });
          show(options, provider, [toRow(provider)]);
        }),
      );
  }
  providers
    .command('remove')
    .description('remove a provider; a model without providers uses the built-in predictor')
    .argument('<id>', 'provider ID (prv_…)')
    .option(...JSON_FLAG)
    .action((id: string, options: Json) =>
      asAdmin(say, async (services, by) => {
        const removed = await services.providers.remove({ ...SYSTEM, ...by }, id);
        show(options, { removed }, [{ removed }]);
      }),
    );
  return providers;
}

/** `gigarouter admin models aliases`. */
export function adminAliasesCommand(say: Say): Command {
  const aliases = new Command('aliases')
    .description('manage aliases, which are further slugs of a model')
    .addHelpText(
      'after',
      `
Examples:
  gigarouter admin models aliases add owner/name other/name
  gigarouter admin models aliases remove owner/name other/name`,
    );
  for (const [name, method] of [
    ['add', 'addAlias'],
    ['remove', 'removeAlias'],
  ] as const) {
    aliases
      .command(name)
      .description(`${name} an alias`)
      .addArgument(model())
      .argument('<alias>', 'alias in the form owner/name')
      .option(...JSON_FLAG)
      .action((key: string, alias: string, options: Json) =>
        asAdmin(say, async ({ catalog, catalogAdmin }, by) => {
          const id = await catalogAdmin[method]({ ...SYSTEM, ...by }, key, alias);
          const found = (await catalog.findModels([id], new Set(['aliases']))).get(id);
          const all = found?.aliases ?? [];
          const slug = found?.slug ?? id;
          show(options, { model: slug, aliases: all }, [{ model: slug, aliases: all.join(', ') }]);
        }),
      );
  }
  return aliases;
}

function toRow({ id, name, url, priority, enabled, health, problem }: Provider) {
  const state = enabled ? health : 'disabled';
  return { id, name, url, priority, state, problem };
}

function toPriority(given: string): number {
  if (/^\d{1,3}$|^1000$/.test(given)) return Number(given);
  throw new InvalidArgumentError('Write a whole number, 0 to 1000.');
}
