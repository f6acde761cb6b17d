import { AppError } from '../errors.js';
import { accountOf, type Actor } from '../platform/actor.js';
import type { Logger } from '../platform/logger.js';
import { checkLabels, type ClassificationService } from './classification.service.js';
import type { EmbeddingService } from './embedding.service.js';
import { CallTimings } from './call-timings.js';
import type { ImageSource } from './image-source.js';
import type { ImagesService, PreparedImage } from './images.service.js';
import type { LabelSetsService } from './label-sets.service.js';
import type { HeldRun, Metered, Quote, Scoring, Tier, Units } from './metered-call.js';
import type { CallRequest, MeterService } from './meter.service.js';
import type { ModelService } from './model.service.js';
import { checkDimensions, shortenVector } from './vector-width.js';

interface Call {
  readonly actor: Actor;
  readonly model: string;
  readonly idempotencyKey?: string | undefined;
  readonly tier?: Tier | undefined;
  /** Credit that was set aside before, as its quote says; by default it is now. */
  readonly held?: HeldRun | undefined;
  readonly signal: AbortSignal;
}

/** A call that is only quoted. */
type Quoted<C> = Omit<C, 'idempotencyKey' | 'held' | 'signal'>;

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
      /** Position of the label in the request, or in the saved set. */
      readonly index: number;
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
  /** At least one of the two, 1–16 images and 1–500 texts. */
  readonly images?: readonly ImageSource[];
  readonly texts?: readonly string[];
  /** 1 to the model's width: vectors are cut to it, and have length 1 again; left out: they are whole. */
  readonly dimensions?: number | undefined;
}

export interface EmbedResult {
  /** In order, images before texts; each of length 1. */
  readonly vectors: readonly (readonly number[])[];
  readonly cached: number;
}

const THRESHOLD_DEFAULT = 0;
const TEXT_ALONE = '{}';

/** What callers may want to know of a model before, or beside, a call. */
export interface ServedModel {
  /** Numbers of an embedding. */
  readonly embeddingSize: number;
  /** A logit is this times the cosine, and a bias that is the same for all labels. */
  readonly logitScale: number;
  /** Tokens of a text; what is longer is cut. */
  readonly contextLength: number;
  /** Precision of the weights that run, as `fp32`. */
  readonly variant: string;
}

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

  /**
   * A model that the caller may run now. Runs and charges nothing.
   * @throws AppError NOT_FOUND, MODEL_NOT_LIVE, FORBIDDEN
   */
  async describe(actor: Actor, slug: string): Promise<ServedModel> {
    const model = await this.meter.model(actor, slug);
    const { config, scoring, variant } = await this.models.get(model.servedAs);
    return {
      embeddingSize: config.embedDim,
      logitScale: scoring.logitScale,
      contextLength: config.text.contextLength,
      variant,
    };
  }

  /** Resolves when a call would be run now. @throws AppError as `describe` and `EmbeddingService.checkServed` */
  async checkReady(actor: Actor, slug: string): Promise<void> {
    const model = await this.meter.model(actor, slug);
    await this.embeddings.checkServed(await this.models.get(model.servedAs));
  }

  /** What a call would cost at most, when it would be accepted. @throws AppError as `classify`, before it runs */
  async quote(call: Quoted<ClassifyCall>): Promise<Quote> {
    return (await this.check(call)).quote;
  }

  /** The same of `embed`. */
  async quoteEmbedding(call: Quoted<EmbedCall>): Promise<Quote> {
    return (await this.checkEmbedding(call)).quote;
  }

  /**
   * Charges each image and each different label that ran; what was cached is free.
   * @throws AppError BAD_USER_INPUT, NOT_FOUND, MODEL_NOT_LIVE, and as `MeterService.run`
   */
  async classify(call: ClassifyCall): Promise<Metered<ClassifyResult>> {
    const { model, quote, images, labels, template, prompts, set } = await this.check(call);
    const { threshold = THRESHOLD_DEFAULT, scoring, topK } = call;
    const identities = images.map(({ identity }) => identity);
    const request = { identities, labels, template, scoring, threshold, topK };
    return this.meter.run(requestOf(call, quote, request), async (until) => {
      const timings = new CallTimings();
      const bytes = await loadAll(images, until);
      timings.fetched();
      const loaded = await this.models.get(model.servedAs);
      if (set !== undefined) await this.labelSets.recall(set, loaded, prompts);
      const { images: scored, labelsCached } = await this.classification.classifyAll({
        model: loaded,
        images: bytes,
        labels,
        template,
        threshold,
        signal: until,
        onParts: timings.onParts,
      });
      if (set !== undefined && labelsCached < labels.length) {
        // Should it fail, the labels run once more some day.
        this.labelSets.keep(set, loaded, prompts).catch((err: unknown) => {
          this.logger.warn({ err, labelSetId: set.id }, 'a label set’s vectors were not kept');
        });
      }
      const result = {
        images: scored.map(({ ranked, margin, noneOfTheAbove, cached }) => ({
          labels: ranked.slice(0, topK).map(({ index, logit, probability, share }) => ({
            index,
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
        variant: loaded.variant,
        timingsMs: timings.parts,
      };
    });
  }

  /** Vectors of images or texts; charges each one that ran. @throws AppError as `classify` */
  async embed(call: EmbedCall): Promise<Metered<EmbedResult>> {
    const { model, quote, images, prompts } = await this.checkEmbedding(call);
    const count = images.length + prompts.length;
    const { texts, dimensions } = call;
    const request = { identities: images.map(({ identity }) => identity), texts, dimensions };
    return this.meter.run(requestOf(call, quote, request), async (until) => {
      const timings = new CallTimings();
      const bytes = await loadAll(images, until);
      timings.fetched();
      const loaded = await this.models.get(model.servedAs);
      const width = checkDimensions(dimensions, loaded.config.embedDim);
      const embedded = await Promise.all([
        ...bytes.map((image) => this.embeddings.embedImage(loaded, image, until, timings.onParts)),
        ...(prompts.length === 0
          ? []
          : [this.embeddings.embedTexts(loaded, prompts, until, timings.onParts)]),
      ]);
      const vectors = embedded.flatMap((one) =>
        one.vectors.map((vector) => Array.from(shortenVector(vector, width))),
      );
      const cached = embedded.reduce((sum, one) => sum + one.cached, 0);
      return {
        result: { vectors, cached },
        ran: { EMBEDDING: count - cached },
        variant: loaded.variant,
        timingsMs: timings.parts,
      };
    });
  }

  private async check(call: Quoted<ClassifyCall>) {
    const { actor, tier, threshold, topK } = call;
    const model = await this.meter.model(actor, call.model);
    const { labels, template, set } = await this.labelsOf(call);
    const prompts = checkLabels(labels, template);
    if (threshold !== undefined && !(threshold >= 0 && threshold <= 1)) {
      throw bad('threshold', 'The threshold is 0 to 1.');
    }
    if (topK !== undefined && topK < 1) throw bad('topK', 'topK is 1 or more.');
    const images = await this.images.prepare(accountOf(actor), call.images);
    const units: Units = { IMAGE: images.length, LABEL_TEXT: new Set(prompts).size };
    const quote = this.meter.quote({ operation: 'classifyImage', model, units, tier });
    return { model, quote, images, labels, template, prompts, set };
  }

  private async checkEmbedding({ actor, tier, texts, ...call }: Quoted<EmbedCall>) {
    const model = await this.meter.model(actor, call.model);
    const images =
      call.images === undefined ? [] : await this.images.prepare(accountOf(actor), call.images);
    const prompts = texts === undefined ? [] : checkLabels(texts, TEXT_ALONE, 'text');
    const operation = call.images === undefined ? 'embedTexts' : 'embedImages';
    const units = { EMBEDDING: images.length + prompts.length };
    const quote = this.meter.quote({ operation, model, units, tier });
    return { model, quote, images, prompts };
  }

  private async labelsOf({ actor, labels, labelSetId, template }: Quoted<ClassifyCall>) {
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

function requestOf(
  { actor, idempotencyKey, held, signal }: Call,
  quote: Quote,
  request: object,
): CallRequest {
  return { actor, quote, idempotencyKey, held, signal, request };
}

function loadAll(
  images: readonly PreparedImage[],
  signal: AbortSignal,
): Promise<readonly Uint8Array[]> {
  return Promise.all(images.map((image) => image.load(signal)));
}

function bad(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument } });
}
