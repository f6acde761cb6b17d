import { AppError } from '../errors.js';
import type { Actor } from '../platform/actor.js';
import type { AccountId } from '../platform/ids.js';
import type { Logger } from '../platform/logger.js';
import { checkLabels, type ClassificationService } from './classification.service.js';
import type { EmbeddingService } from './embedding.service.js';
import { CallTimings } from './call-timings.js';
import type { ImageSource } from './image-source.js';
import type { ImagesService, PreparedImage } from './images.service.js';
import type { LabelSetsService } from './label-sets.service.js';
import type { Metered, Quote, Scoring, Units } from './metered-call.js';
import type { MeterService } from './meter.service.js';
import type { ModelService } from './model.service.js';

interface Call {
  readonly actor: Actor;
  readonly model: string;
  readonly idempotencyKey?: string | undefined;
  readonly signal: AbortSignal;
}

export interface ClassifyCall extends Call {
  /** 1–16. */
  readonly images: readonly ImageSource[];
  /** Either 1–500 labels, or a saved set. */
  readonly labels?: readonly string[] | undefined;
  readonly labelSetId?: string | undefined;
  /** With saved labels: that of the set by default. */
  readonly template?: string | undefined;
  readonly scoring: Scoring;
  /** 0–1: the probability at which a label counts as a match. */
  readonly threshold?: number | undefined;
  /** Labels to answer with, the best ones; all by default. */
  readonly topK?: number | undefined;
}

/** JSON, as it is kept for a second request with the same idempotency key. */
export interface ClassifyResult {
  readonly images: readonly {
    readonly labels: readonly {
      readonly label: string;
      readonly score: number;
      readonly logit: number;
      readonly probability: number;
      readonly share: number;
    }[];
    readonly margin: number;
    readonly noneOfTheAbove: boolean;
    readonly cached: boolean;
  }[];
  readonly labelsCached: number;
}

export interface EmbedCall extends Call {
  /** One of the two, 1–16 images or 1–500 texts. */
  readonly images?: readonly ImageSource[];
  readonly texts?: readonly string[];
}

export interface EmbedResult {
  /** In order, each of length 1. */
  readonly vectors: readonly (readonly number[])[];
  readonly cached: number;
}

const THRESHOLD_DEFAULT = 0;
const VARIANT = 'fp32';
const TEXT_ALONE = '{}';

/** Classification and embedding as they are sold: priced, held, run, charged. */
export class MeteredClassificationService {
  constructor(
    private readonly meter: MeterService,
    private readonly models: ModelService,
    private readonly classification: ClassificationService,
    private readonly embeddings: EmbeddingService,
    private readonly images: ImagesService,
    private readonly labelSets: LabelSetsService,
    private readonly logger: Logger,
  ) {}

  /** What a call would cost at most, when it would be accepted. @throws AppError as `classify`, before it runs */
  async quote(call: ClassifyCall): Promise<Quote> {
    const { model, units } = await this.check(call);
    return this.meter.quote(model, units);
  }

  /**
   * Charges each image and each different label that ran; what was cached is free.
   * @throws AppError BAD_USER_INPUT, NOT_FOUND, MODEL_NOT_LIVE, and as `MeterService.run`
   */
  async classify(call: ClassifyCall): Promise<Metered<ClassifyResult>> {
    const { model, units, images, labels, template, prompts, set } = await this.check(call);
    const { actor, signal, idempotencyKey, threshold = THRESHOLD_DEFAULT, scoring, topK } = call;
    const identities = images.map(({ identity }) => identity);
    const request = { identities, labels, template, scoring, threshold, topK };
    const metered = { actor, operation: 'classifyImage', model, units, idempotencyKey, signal };
    return this.meter.run({ ...metered, request }, async (until) => {
      const timings = new CallTimings();
      const bytes = await loadAll(images, until);
      timings.fetched();
      const loaded = await this.models.get(model.slug);
      if (set !== undefined) await this.labelSets.recall(set, loaded, VARIANT, prompts);
      const { images: scored, labelsCached } = await this.classification.classifyAll({
        model: loaded,
        variant: VARIANT,
        images: bytes,
        labels,
        template,
        threshold,
        signal: until,
        onParts: timings.onParts,
      });
      if (set !== undefined && labelsCached < labels.length) {
        // Should it fail, the labels run once more some day.
        this.labelSets.keep(set, loaded, VARIANT, prompts).catch((err: unknown) => {
          this.logger.warn({ err, labelSetId: set.id }, 'a label set’s vectors were not kept');
        });
      }
      const result = {
        images: scored.map(({ ranked, margin, noneOfTheAbove, cached }) => ({
          labels: ranked.slice(0, topK).map(({ index, logit, probability, share }) => ({
            label: labels[index] ?? '',
            score: scoring === 'SIGMOID' ? probability : share,
            logit,
            probability,
            share,
          })),
          margin,
          noneOfTheAbove,
          cached,
        })),
        labelsCached,
      };
      return {
        result,
        ran: {
          IMAGE: scored.filter(({ cached }) => !cached).length,
          LABEL_TEXT: labels.length - labelsCached,
        },
        timingsMs: timings.parts,
      };
    });
  }

  /** Vectors of images or texts; charges each one that ran. @throws AppError as `classify` */
  async embed(call: EmbedCall): Promise<Metered<EmbedResult>> {
    const { actor, signal, idempotencyKey, texts } = call;
    const model = await this.meter.model(actor, call.model);
    const images =
      call.images === undefined ? [] : await this.images.prepare(accountOf(actor), call.images);
    const prompts = texts === undefined ? [] : checkLabels(texts, TEXT_ALONE);
    const count = images.length + prompts.length;
    const operation = call.images === undefined ? 'embedTexts' : 'embedImages';
    const request = { identities: images.map(({ identity }) => identity), texts };
    const units = { EMBEDDING: count };
    const metered = { actor, operation, model, units, idempotencyKey, signal };
    return this.meter.run({ ...metered, request }, async (until) => {
      const timings = new CallTimings();
      const bytes = await loadAll(images, until);
      timings.fetched();
      const loaded = await this.models.get(model.slug);
      const embedded = await Promise.all([
        ...bytes.map((image) =>
          this.embeddings.embedImage(loaded, VARIANT, image, until, timings.onParts),
        ),
        ...(prompts.length === 0
          ? []
          : [this.embeddings.embedTexts(loaded, VARIANT, prompts, until, timings.onParts)]),
      ]);
      const vectors = embedded.flatMap((one) => one.vectors.map((vector) => Array.from(vector)));
      const cached = embedded.reduce((sum, one) => sum + one.cached, 0);
      return {
        result: { vectors, cached },
        ran: { EMBEDDING: count - cached },
        timingsMs: timings.parts,
      };
    });
  }

  private async check(call: ClassifyCall) {
    const { actor, threshold, topK } = call;
    const model = await this.meter.model(actor, call.model);
    const { labels, template, set } = await this.labelsOf(call);
    const prompts = checkLabels(labels, template);
    if (threshold !== undefined && !(threshold >= 0 && threshold <= 1)) {
      throw bad('threshold', 'The threshold is 0 to 1.');
    }
    if (topK !== undefined && topK < 1) throw bad('topK', 'topK is 1 or more.');
    const images = await this.images.prepare(accountOf(actor), call.images);
    const units: Units = { IMAGE: images.length, LABEL_TEXT: new Set(prompts).size };
    return { model, units, images, labels, template, prompts, set };
  }

  private async labelsOf({ actor, labels, labelSetId, template }: ClassifyCall) {
    if ((labels === undefined) === (labelSetId === undefined)) {
      throw bad('labels', 'Give either labels or labelSetId.');
    }
    if (labelSetId === undefined) return { labels: labels ?? [], template, set: undefined };
    const set = await this.labelSets.get(accountOf(actor), labelSetId);
    // With another template they are other prompts.
    const own = template === undefined || template === set.template;
    return {
      labels: set.labels,
      template: template ?? set.template ?? undefined,
      set: own ? set : undefined,
    };
  }
}

function loadAll(
  images: readonly PreparedImage[],
  signal: AbortSignal,
): Promise<readonly Uint8Array[]> {
  return Promise.all(images.map((image) => image.load(signal)));
}

function accountOf({ accountId }: Actor): AccountId {
  if (accountId === undefined) throw new AppError('UNAUTHENTICATED', 'Nobody is signed in.');
  return accountId;
}

function bad(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument } });
}
