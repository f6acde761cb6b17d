import type { Model } from '../catalog/index.js';
import { AppError } from '../errors.js';
import { accountOf } from '../platform/actor.js';
import type { AccountId } from '../platform/ids.js';
import { checkLabels } from './classification.service.js';
import { EMBED_IMAGES_MAX, type ImagesService, type PreparedImage } from './images.service.js';
import type { ClassifyCall, EmbedCall, Quoted } from './inference-call.js';
import type { LabelSet } from './label-set.js';
import type { LabelSetsService } from './label-sets.service.js';
import type { MeterService } from './meter.service.js';
import type { Quote, Scoring, Units } from './metered-call.js';
import type { LoadedModel, ModelService } from './model.service.js';

const TEXT_ALONE = '{}';

interface Checked {
  readonly accountId: AccountId;
  readonly model: Model;
  readonly quote: Quote;
  readonly images: readonly PreparedImage[];
  /** One for each label or text, cleaned. */
  readonly prompts: readonly string[];
}

/** Images or texts to embed, that may run. */
export type CheckedEmbedding = Checked;

/** A classification that may run. */
export interface CheckedClassification extends Checked {
  readonly labels: readonly string[];
  readonly template: string | undefined;
  readonly scoring: Scoring;
  /** The saved set that the prompts are of. */
  readonly set: LabelSet | undefined;
}

/** Everything that can be said of a call before anything is fetched, held or run. */
export class CallChecks {
  constructor(
    private readonly parts: {
      readonly meter: Pick<MeterService, 'model' | 'quote'>;
      readonly models: Pick<ModelService, 'get'>;
      readonly images: Pick<ImagesService, 'prepare'>;
      readonly labelSets: Pick<LabelSetsService, 'get'>;
    },
  ) {}

  /** @throws AppError as `MeteredClassificationService.classify`, before it runs */
  async classification(call: Quoted<ClassifyCall>): Promise<CheckedClassification> {
    const { actor, tier, threshold, topK } = call;
    const accountId = accountOf(actor);
    const model = await this.parts.meter.model(actor, call.model);
    const { labels, template, set } = await this.labelsOf(call);
    const { textCleaning: cleaning, loss } = await this.readingOf(model);
    const prompts = checkLabels(labels, { template, cleaning });
    const scoring = resolveScoring(loss, call);
    if (threshold !== undefined && !(threshold >= 0 && threshold <= 1)) {
      throw bad('threshold', '`threshold` must be between 0 and 1.');
    }
    if (topK !== undefined && topK < 1) throw bad('topK', '`topK` must be 1 or more.');
    const images = await this.parts.images.prepare(accountId, call.images);
    const units: Units = { IMAGE: images.length, LABEL_TEXT: distinct(prompts).length };
    const quote = this.parts.meter.quote({
      operation: 'classifyImage',
      model,
      images: images.length,
      units,
      tier,
    });
    return { accountId, model, quote, images, labels, template, prompts, set, scoring };
  }

  /** @throws AppError as `MeteredClassificationService.embed`, before it runs */
  async embedding({ actor, tier, texts, ...call }: Quoted<EmbedCall>): Promise<CheckedEmbedding> {
    const model = await this.parts.meter.model(actor, call.model);
    const accountId = accountOf(actor);
    const images =
      call.images === undefined
        ? []
        : await this.parts.images.prepare(accountId, call.images, EMBED_IMAGES_MAX);
    const { textCleaning: cleaning } = await this.readingOf(model);
    const prompts =
      texts === undefined
        ? []
        : checkLabels(texts, { template: TEXT_ALONE, cleaning, what: 'text' });
    const operation = call.images === undefined ? 'embedTexts' : 'embedImages';
    const units = { EMBEDDING: images.length + prompts.length };
    const quote = this.parts.meter.quote({ operation, model, images: images.length, units, tier });
    return { accountId, model, quote, images, prompts };
  }

  /**
   * How the model reads texts, and what its scores mean. One that is not installed here has a price too; it is refused
   * when it is run.
   */
  private async readingOf({
    servedAs,
  }: Model): Promise<Pick<LoadedModel['config'], 'textCleaning' | 'loss'>> {
    const loaded = await this.parts.models.get(servedAs).catch((error: unknown) => {
      if (error instanceof AppError) return undefined;
      throw error;
    });
    return loaded?.config ?? { textCleaning: 'canonicalize', loss: 'sigmoid' };
  }

  private async labelsOf({ actor, labels, labelSetId, template }: Quoted<ClassifyCall>) {
    if ((labels === undefined) === (labelSetId === undefined)) {
      throw bad('labels', 'Set exactly one of `labels` and `labelSetId`.');
    }
    if (labelSetId === undefined) return { labels: labels ?? [], template, set: undefined };
    const set = await this.parts.labelSets.get(accountOf(actor), labelSetId);
    // With another template they are other prompts.
    const own = template === undefined || template === set.template;
    return {
      labels: set.labels,
      template: template ?? set.template ?? undefined,
      set: own ? set : undefined,
    };
  }
}

/** Equal prompts are one unit, wherever they stand. */
export function distinct(prompts: readonly string[]): string[] {
  return [...new Set(prompts)];
}

/**
 * What `score` is. The logits of a model that was trained with softmax say which of some labels fits better; a sigmoid of
 * one would be near 1 for any label.
 * @throws AppError BAD_USER_INPUT for what such a model cannot say
 */
export function resolveScoring(
  loss: LoadedModel['config']['loss'],
  { scoring, threshold }: Pick<ClassifyCall, 'scoring' | 'threshold'>,
): Scoring {
  if (loss === 'sigmoid') return scoring ?? 'SIGMOID';
  const reason =
    'This model was trained with softmax: it says which label fits better, not how likely one is by itself.';
  if (scoring === 'SIGMOID') {
    throw bad('scoring', `${reason} Use SOFTMAX, or a SigLIP model.`);
  }
  if (threshold !== undefined) throw bad('threshold', `${reason} \`threshold\` is not supported.`);
  return 'SOFTMAX';
}

function bad(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument } });
}
