import {
  type CatalogChanges,
  type CatalogService,
  checkMove,
  type Model,
} from '../catalog/index.js';
import { AppError } from '../errors.js';
import { CHARGED_UNITS } from '../inference/index.js';
import type { Author } from '../platform/actor.js';
import type { ModelId } from '../platform/ids.js';
import type { Backing } from '../siglip/index.js';
import { problemOf, evaluate } from './health-report.js';
import { forgetFailures } from './model-checks.store.js';
import type { ProviderChecksService } from './provider-checks.service.js';
import { checkReady, type Readiness } from './readiness.js';

export interface PublishingParts {
  readonly catalog: Pick<CatalogService, 'findModels'>;
  readonly catalogChanges: Pick<CatalogChanges, 'apply' | 'setStatus'>;
  readonly checks: Pick<ProviderChecksService, 'check'>;
  readonly intervalMs: number;
}

export interface PublishOptions {
  /** The operator's word that scores will do which nothing from outside this project backs. */
  readonly unverified?: boolean;
}

const UNVERIFIED =
  'Unverified: the scores match this project’s own reference, which reads the configuration as the graphs do, but no external one. Add golden.json from the reference implementation to the model’s files, or publish anyway (publishModel with allowUnverified: true, or gigarouter admin models publish --unverified).';

/** What a model's page says of its scores. */
const SHOWN = {
  golden: 'Its scores are those of the reference implementation.',
  self: 'The scores are unverified: they match only this platform’s own reference.',
} as const;

/** Takes models live, when they are ready. */
export class PublishingService {
  constructor(private readonly parts: PublishingParts) {}

  /** What a model has of what it needs to be live, found out now: it runs. @throws AppError NOT_FOUND */
  async readiness(key: string, { unverified = false }: PublishOptions = {}): Promise<Readiness> {
    const model = await this.model(key);
    const findings = await this.parts.checks.check(model);
    const serving = findings.providers.filter(({ serves }) => serves);
    const unpriced = CHARGED_UNITS[model.task].filter(
      (unit) => !model.prices?.some((price) => price.unit === unit),
    );
    const verdict = evaluate(findings);
    const names = serving.map(({ name }) => name).join(', ');
    return {
      model: model.slug,
      checks: [
        {
          requirement: 'provider',
          met: serving.length > 0,
          outcome:
            serving.length > 0
              ? `${names}: ready.`
              : `Nobody serves it. ${problemOf({ ...findings, noGolden: undefined })} Start a provider and add it (createProvider), or install the model for the built-in predictor (gigarouter models pull ${model.servedAs}) and restart that.`,
        },
        {
          requirement: 'prices',
          met: unpriced.length === 0,
          outcome:
            unpriced.length === 0
              ? 'Every unit that it charges has a price.'
              : `There is no price for ${unpriced.join(', ')}: set it (setModelPrice).`,
        },
        {
          requirement: 'golden',
          met: verdict === 'passed' && (findings.backing === 'golden' || unverified),
          outcome: verdict === 'passed' ? backed(findings.backing) : golden(findings),
        },
      ],
    };
  }

  /**
   * Takes a model live.
   * @throws AppError NOT_FOUND; CONFLICT when it is live, or that names all that is missing (`details.missing`)
   */
  async publish(author: Author, key: string, options: PublishOptions = {}): Promise<ModelId> {
    const model = await this.model(key);
    checkMove(model, 'LIVE');
    const readiness = await this.readiness(key, options);
    checkReady(readiness);
    const scores = readiness.checks.find(({ requirement }) => requirement === 'golden')?.outcome;
    const isUnverified = scores === UNVERIFIED;
    return this.parts.catalogChanges.apply(author, model.id, async (tx, locked) => {
      checkMove(locked, 'LIVE');
      await this.parts.catalogChanges.setStatus(tx, locked.id, 'LIVE');
      await forgetFailures(tx, locked.id, this.parts.intervalMs);
      return {
        action: 'model.published',
        details: { from: locked.status, ...(isUnverified ? { unverified: 'yes' } : {}) },
        change: {
          kind: 'PUBLISHED',
          text: `It is live: it can be called. ${SHOWN[isUnverified ? 'self' : 'golden']}`,
        },
      };
    });
  }

  private async model(key: string): Promise<Model> {
    const model = (await this.parts.catalog.findModels([key], new Set(['prices']))).get(key);
    if (model !== undefined) return model;
    throw new AppError('NOT_FOUND', `Model ${key.slice(0, 300)} not found.`);
  }
}

function backed(backing: Backing | undefined): string {
  return backing === 'self' ? UNVERIFIED : 'Its scores are those of the reference.';
}

function golden({ providers, noGolden }: Parameters<typeof problemOf>[0]): string {
  if (noGolden !== undefined) return noGolden;
  const wrong = providers.filter((provider) => provider.golden !== 'passed' && provider.serves);
  if (wrong.length === 0) return 'Nobody serves it, so that its scores cannot be compared.';
  return problemOf({ providers: wrong, noGolden: undefined });
}
