import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import type { Say } from '../app/startup.js';
import { parseFacts, PRICE_UNITS, type PriceUnit } from '../catalog/index.js';
import { AppError } from '../errors.js';
import { type Author, SYSTEM } from '../platform/actor.js';
import type { ModelId } from '../platform/ids.js';
import type { Services } from '../app/services.js';
import { asAdmin, type Json, JSON_FLAG, show, toMoment } from './admin-app.js';
import { adminAliasesCommand, adminProvidersCommand } from './admin-models-parts.js';
import { withPredictor } from './with-predictor.js';

const model = () => new Argument('<model>', 'slug, alias or ID of the model');
const file = () =>
  new Argument('<file>', 'YAML file, like those in prisma/seed/models; - reads from stdin');

/** `gigarouter admin models`: the catalog, as operators keep it. */
export function adminModelsCommand(say: Say): Command {
  const models = new Command('models')
    .description(
      'add, edit, price, publish and retire models; manage providers, aliases and Hub sync',
    )
    .addHelpText(
      'after',
      `
Examples:
  gigarouter admin models create siglip.yaml
  gigarouter admin models price timm/ViT-SO400M-14-SigLIP-384 IMAGE 900000
  gigarouter admin models providers add timm/ViT-SO400M-14-SigLIP-384 gpu-1 https://gpu-1:8000
  gigarouter admin models readiness timm/ViT-SO400M-14-SigLIP-384
  gigarouter admin models publish timm/ViT-SO400M-14-SigLIP-384`,
    );
  const act = (name: string, description: string) =>
    models
      .command(name)
      .description(description)
      .option(...JSON_FLAG);

  act('create', 'add a model with the status COMING_SOON')
    .addArgument(file())
    .action((path: string, options: Json) =>
      change(say, options, async ({ catalogAdmin }, by) =>
        catalogAdmin.create(by, parseFacts(await read(path))),
      ),
    );
  act('edit', 'update a model’s catalog page with the fields in a file; null clears a field')
    .addArgument(model())
    .addArgument(file())
    .action((key: string, path: string, options: Json) =>
      change(say, options, async ({ catalogAdmin }, by) =>
        catalogAdmin.edit(by, key, parseFacts(await read(path))),
      ),
    );
  act('rename', 'change the slug of a model; the old slug becomes an alias')
    .addArgument(model())
    .argument('<slug>', 'new slug in the form owner/name')
    .action((key: string, slug: string, options: Json) =>
      change(say, options, ({ catalogAdmin }, by) => catalogAdmin.rename(by, key, slug)),
    );
  act('price', 'add a price version')
    .addArgument(model())
    .addArgument(new Argument('<unit>').choices(Object.keys(PRICE_UNITS)))
    .argument('<nanos>', 'price per unit, in nano-USD', toNanos)
    .addOption(
      new Option(
        '--from <moment>',
        'start of the price, not in the past; now by default',
      ).argParser(toMoment),
    )
    .action((key: string, unit: PriceUnit, nanosPerUnit: bigint, options: Json & { from?: Date }) =>
      change(say, options, ({ catalogAdmin }, by) =>
        catalogAdmin.setPrice(by, key, { unit, nanosPerUnit, effectiveFrom: options.from }),
      ),
    );
  act('note', 'add an entry to a model’s changelog')
    .addArgument(model())
    .argument('<text>')
    .action((key: string, told: string, options: Json) =>
      change(say, options, ({ modelChanges }, by) => modelChanges.add(by, key, told)),
    );
  act('readiness', 'check the requirements for going live, including golden scores')
    .addArgument(model())
    .action((key: string, options: Json) =>
      withPredictor(say, async ({ publishing }) => {
        const { model: slug, checks } = await publishing.readiness(key);
        const rows = checks.map(({ requirement, met, outcome }) => ({
          requirement,
          met: met ? 'yes' : 'no',
          outcome,
        }));
        show(options, { model: slug, ready: checks.every(({ met }) => met), checks }, rows);
        if (checks.some(({ met }) => !met)) process.exitCode = 1;
      }),
    );
  act('publish', 'make a model live if all requirements are met')
    .addArgument(model())
    .option('--unverified', 'publish even if no external reference verifies the scores')
    .action((key: string, { unverified, ...options }: Json & { unverified?: true }) =>
      withPredictor(say, (services, by) =>
        print(
          services,
          options,
          services.publishing.publish(by, key, { unverified: unverified === true }),
        ),
      ),
    );
  for (const [name, description] of [
    ['deprecate', 'mark a model as to be retired; it can still be called'],
    ['retire', 'retire a model, which can no longer be called; its page remains'],
  ] as const) {
    act(name, description)
      .addArgument(model())
      .option('--reason <text>', 'reason, shown in the model’s changelog')
      .action((key: string, options: Json & { reason?: string }) =>
        change(say, options, ({ catalogAdmin }, by) => catalogAdmin[name](by, key, options.reason)),
      );
  }
  act('sync', 'sync all models with the Hugging Face Hub now').action((options: Json) =>
    asAdmin(say, async ({ hubSync }) => {
      const summary = await hubSync.run();
      show(options, summary, [{ ...summary }]);
      if (summary.failed > 0) process.exitCode = 1;
    }),
  );
  models.addCommand(adminProvidersCommand(say));
  models.addCommand(adminAliasesCommand(say));
  return models;
}

type Act = (services: Services, by: Author) => Promise<ModelId>;

/** One act, and the model as it is then. */
function change(say: Say, options: Json, act: Act): Promise<void> {
  return asAdmin(say, (services, by) =>
    print(services, options, act(services, { ...SYSTEM, ...by })),
  );
}

async function print({ catalog }: Services, options: Json, act: Promise<ModelId>): Promise<void> {
  const id = await act;
  const found = await catalog.findModels([id], new Set(['aliases', 'prices']));
  const changed = found.get(id);
  if (changed === undefined) throw new AppError('NOT_FOUND', `${id} no longer exists.`);
  const { slug, name, status, prices = [] } = changed;
  const price = prices
    .map(({ unit, nanosPerUnit }) => `${unit} ${String(nanosPerUnit)}`)
    .join(', ');
  show(options, changed, [{ slug, name, status, 'nano-usd': price === '' ? null : price }]);
}

async function read(path: string): Promise<string> {
  if (path === '-') return text(process.stdin);
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new AppError('BAD_USER_INPUT', `Cannot read ${path}.`, { cause });
  });
}

function toNanos(given: string): bigint {
  if (/^\d{1,15}$/.test(given)) return BigInt(given);
  throw new InvalidArgumentError('Must be whole nano-USD, such as 200000 for 0.0002 USD.');
}
