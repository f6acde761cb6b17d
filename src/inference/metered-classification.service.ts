import { createHash } from 'node:crypto';
import { AppError } from '../errors.js';
import type { Actor } from '../platform/actor.js';
import { checkLabels, type ClassificationService } from './classification.service.js';
import type { EmbeddingService } from './embedding.service.js';
import { checkSource, decodeBase64, type ImageSource } from './image-source.js';
import type { ImageDownloader } from './image-url.gateway.js';
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
  readonly labels: readonly string[];
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

const IMAGES_MAX = 16;
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
    private readonly downloader: ImageDownloader,
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
    const { model, units, fetched } = await this.check(call);
    const { actor, signal, idempotencyKey, images, ...request } = call;
    const said = { ...request, images: images.map(identify) };
    const metered = { actor, operation: 'classifyImage', model, units, idempotencyKey, signal };
    return this.meter.run({ ...metered, request: said }, async (until) => {
      const { labels, template, threshold = THRESHOLD_DEFAULT, scoring } = call;
      const fetchedAt = performance.now();
      const bytes = await this.load(fetched, until);
      const startedAt = performance.now();
      const { images: scored, labelsCached } = await this.classification.classifyAll({
        model: await this.models.get(model.slug),
        variant: VARIANT,
        images: bytes,
        labels,
        template,
        threshold,
        signal: until,
      });
      const result = {
        images: scored.map(({ ranked, margin, noneOfTheAbove, cached }) => ({
          labels: ranked.slice(0, call.topK).map(({ index, logit, probability, share }) => ({
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
        timingsMs: { fetch: startedAt - fetchedAt, infer: performance.now() - startedAt },
      };
    });
  }

  /** Vectors of images or texts; charges each one that ran. @throws AppError as `classify` */
  async embed(call: EmbedCall): Promise<Metered<EmbedResult>> {
    const { actor, signal, idempotencyKey, images, texts } = call;
    const model = await this.meter.model(actor, call.model);
    const fetched = images === undefined ? [] : checkImages(images);
    const prompts = texts === undefined ? [] : checkLabels(texts, TEXT_ALONE);
    const count = fetched.length + prompts.length;
    const operation = images === undefined ? 'embedTexts' : 'embedImages';
    const request = { images: images?.map(identify), texts };
    const metered = {
      actor,
      operation,
      model,
      units: { EMBEDDING: count },
      idempotencyKey,
      signal,
    };
    return this.meter.run({ ...metered, request }, async (until) => {
      const fetchedAt = performance.now();
      const bytes = await this.load(fetched, until);
      const startedAt = performance.now();
      const loaded = await this.models.get(model.slug);
      const embedded = await Promise.all([
        ...bytes.map((image) => this.embeddings.embedImage(loaded, VARIANT, image, until)),
        ...(prompts.length === 0
          ? []
          : [this.embeddings.embedTexts(loaded, VARIANT, prompts, until)]),
      ]);
      const vectors = embedded.flatMap((one) => one.vectors.map((vector) => Array.from(vector)));
      const cached = embedded.reduce((sum, one) => sum + one.cached, 0);
      return {
        result: { vectors, cached },
        ran: { EMBEDDING: count - cached },
        timingsMs: { fetch: startedAt - fetchedAt, infer: performance.now() - startedAt },
      };
    });
  }

  private async check(call: ClassifyCall) {
    const { images, labels, template, threshold, topK } = call;
    const model = await this.meter.model(call.actor, call.model);
    const prompts = checkLabels(labels, template);
    if (threshold !== undefined && !(threshold >= 0 && threshold <= 1)) {
      throw bad('threshold', 'The threshold is 0 to 1.');
    }
    if (topK !== undefined && topK < 1) throw bad('topK', 'topK is 1 or more.');
    const fetched = checkImages(images);
    const units: Units = { IMAGE: fetched.length, LABEL_TEXT: new Set(prompts).size };
    return { model, units, fetched };
  }

  private load(
    fetched: readonly (Buffer | string)[],
    signal: AbortSignal,
  ): Promise<readonly Uint8Array[]> {
    return Promise.all(
      fetched.map(async (image) =>
        typeof image === 'string' ? this.downloader.download(image, signal) : image,
      ),
    );
  }
}

/** Bytes of what came along, addresses of what has to be fetched. */
function checkImages(images: readonly ImageSource[]): (Buffer | string)[] {
  if (images.length === 0 || images.length > IMAGES_MAX) {
    throw bad('images', `A call has 1 to ${String(IMAGES_MAX)} images.`);
  }
  return images.map((image) => {
    checkSource(image);
    return image.base64 === undefined ? (image.url ?? '') : decodeBase64(image.base64);
  });
}

/** Tells two images apart without keeping one. */
function identify({ base64, url }: ImageSource): object {
  if (base64 === undefined) return { url };
  return { sha256: createHash('sha256').update(base64).digest('base64url') };
}

function bad(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument } });
}
