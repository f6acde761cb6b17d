import pLimit from 'p-limit';
import type { Model } from '../catalog/index.js';
import type { Actor } from '../platform/actor.js';
import { newId } from '../platform/ids.js';
import type { Logger } from '../platform/logger.js';
import type { PublishedFile } from '../siglip/index.js';
import { chargeOf } from './call-charge.js';
import { CallChecks, type CheckedClassification, distinct } from './call-checks.service.js';
import { asAppError } from './call-failure.js';
import { CallTimings } from './call-timings.js';
import type { ClassificationService } from './classification.service.js';
import type { EmbeddingService, ImageFile } from './embedding.service.js';
import { IMAGES_AT_ONCE, type ImagesService } from './images.service.js';
import type {
  ClassifyCall,
  ClassifyEstimate,
  ClassifyResult,
  EmbedCall,
  EmbedResult,
  InferenceCall,
  Quoted,
  ServedModel,
} from './inference-call.js';
import type { LabelSet } from './label-set.js';
import type { LabelSetsService, RecalledLabels } from './label-sets.service.js';
import type { CallRequest, MeterService } from './meter.service.js';
import type { Metered, Quote } from './metered-call.js';
import type { LoadedModel, ModelService } from './model.service.js';
import type { OwnedUnitsService } from './owned-units.service.js';
import { checkDimensions, shortenVector } from './vector-width.js';

const THRESHOLD_DEFAULT = 0;

export interface InferenceParts {
  readonly meter: MeterService;
  readonly models: ModelService;
  readonly classification: ClassificationService;
  readonly embeddings: EmbeddingService;
  readonly images: ImagesService;
  readonly labelSets: LabelSetsService;
  readonly units: OwnedUnitsService;
  readonly logger: Logger;
}

/** Classification and embedding as they are sold: priced, held, run, charged. */
export class MeteredClassificationService {
  private readonly checks: CallChecks;

  constructor(private readonly parts: InferenceParts) {
    this.checks = new CallChecks(parts);
  }

  /**
   * A model that the caller may run now. Runs and charges nothing.
   * @throws AppError NOT_FOUND, MODEL_NOT_LIVE, FORBIDDEN
   */
  async describe(actor: Actor, slug: string): Promise<ServedModel> {
    const model = await this.parts.meter.model(actor, slug);
    const { config, scoring, variant } = await this.parts.models.get(model.servedAs);
    return {
      embeddingSize: config.embedDim,
      logitScale: scoring.logitScale,
      logitBias: scoring.logitBias,
      loss: config.loss,
      contextLength: config.text.contextLength,
      variant,
    };
  }

  /** Files that a model was published with, whether or not it can be called; none when it is not installed. */
  filesOf({ servedAs }: Pick<Model, 'servedAs'>): Promise<readonly PublishedFile[]> {
    return this.parts.models.files(servedAs);
  }

  /** Resolves when a call would be run now. @throws AppError as `describe` and `EmbeddingService.checkServed` */
  async checkReady(actor: Actor, slug: string): Promise<void> {
    const model = await this.parts.meter.model(actor, slug);
    await this.parts.embeddings.checkServed(await this.parts.models.get(model.servedAs));
  }

  /** What a call would cost at most, when it would be accepted. @throws AppError as `classify`, before it runs */
  async quote(call: Quoted<ClassifyCall>): Promise<Quote> {
    return (await this.checks.classification(call)).quote;
  }

  /** The same of `embed`. */
  async quoteEmbedding(call: Quoted<EmbedCall>): Promise<Quote> {
    return (await this.checks.embedding(call)).quote;
  }

  /**
   * What a classification would cost its account now: the embeddings that it owns are free. Gets the images, to tell
   * which they are; runs and charges nothing.
   * @throws AppError as `classify`, but for what is found while it runs
   */
  async estimate(call: ClassifyCall): Promise<ClassifyEstimate> {
    const checked = await this.checks.classification(call);
    const { quote, images, prompts } = checked;
    const files = await this.parts.images.load(images, call.signal).catch((error: unknown) => {
      throw asAppError(error);
    });
    const { owned } = await this.own(checked, files);
    const { used, payers } = owned;
    const charge = chargeOf({ runId: newId('run'), lines: quote.units, used, payers });
    const labels = new Map(
      distinct(prompts).map((prompt, at) => [prompt, charge.free[files.length + at] === true]),
    );
    return {
      quote: { ...quote, units: charge.units },
      nanos: charge.nanos,
      imagesCached: charge.free.slice(0, files.length),
      labelsCached: prompts.map((prompt, at) => {
        const isRepeated = prompts.indexOf(prompt) < at;
        return isRepeated || labels.get(prompt) === true;
      }),
    };
  }

  /**
   * Charges each image and each different label that the account has not paid for before. Nothing runs before all
   * images are there and decoded.
   * @throws AppError BAD_USER_INPUT, NOT_FOUND, MODEL_NOT_LIVE, and as `MeterService.run`
   */
  async classify(call: ClassifyCall): Promise<Metered<ClassifyResult>> {
    const checked = await this.checks.classification(call);
    const { quote, accountId, images, labels, template, set, scoring } = checked;
    const { threshold = THRESHOLD_DEFAULT, topK } = call;
    const identities = images.map(({ identity }) => identity);
    const request = { identities, labels, template, scoring, threshold, topK };
    let made:
      { readonly loaded: LoadedModel; readonly vectors: readonly Float32Array[] } | undefined;
    const metered = await this.parts.meter.run(requestOf(call, quote, request), async (until) => {
      const timings = new CallTimings();
      const files = await this.parts.images.load(images, until);
      timings.fetched();
      const { loaded, recalled, owned } = await this.own(checked, files);
      const done = await this.parts.units.run(accountId, owned, until, () =>
        this.parts.classification.classifyAll({
          model: loaded,
          images: files,
          labels,
          labelVectors: recalled?.vectors,
          template,
          threshold,
          signal: until,
          onParts: timings.onParts,
        }),
      );
      if (recalled === undefined) made = { loaded, vectors: done.labelVectors };
      const answer = (free: readonly boolean[]): ClassifyResult => ({
        images: done.images.map(({ ranked, margin, noneOfTheAbove }, at) => ({
          labels: ranked.slice(0, topK).map(({ index, logit, probability, share }) => ({
            index,
            label: labels[index] ?? '',
            score: scoring === 'SIGMOID' && probability !== null ? probability : share,
            logit,
            probability,
            share,
          })),
          margin,
          noneOfTheAbove,
          cached: free[at] === true,
        })),
        labelsCached: labels.length - free.slice(files.length).filter((isFree) => !isFree).length,
      });
      const { used, payers } = owned;
      return { used, payers, answer, variant: loaded.variant, timingsMs: timings.parts };
    });
    if (set !== undefined && made !== undefined && !metered.replayed) {
      this.keepLabels(set, made.loaded, { vectors: made.vectors, paidBy: metered.runId });
    }
    return metered;
  }

  /** Vectors of images or texts; charges each one that the account has not paid for. @throws AppError as `classify` */
  async embed(call: EmbedCall): Promise<Metered<EmbedResult>> {
    const { accountId, model, quote, images, prompts } = await this.checks.embedding(call);
    const { texts, dimensions } = call;
    const request = { identities: images.map(({ identity }) => identity), texts, dimensions };
    return this.parts.meter.run(requestOf(call, quote, request), async (until) => {
      const timings = new CallTimings();
      const files = await this.parts.images.load(images, until);
      timings.fetched();
      const loaded = await this.parts.models.get(model.servedAs);
      const width = checkDimensions(dimensions, loaded.config.embedDim);
      const owned = await this.parts.units.of({
        accountId,
        model,
        loaded,
        files,
        imageUnit: 'EMBEDDING',
        prompts,
        promptUnit: 'EMBEDDING',
      });
      const embedded = await this.parts.units.run(accountId, owned, until, () =>
        this.embedAll(loaded, files, prompts, { until, timings }),
      );
      const vectors = embedded.map((vector) => Array.from(shortenVector(vector, width)));
      const { used, payers } = owned;
      return {
        used,
        payers,
        answer: (free) => ({ vectors, cached: free.filter((isFree) => isFree).length }),
        variant: loaded.variant,
        timingsMs: timings.parts,
      };
    });
  }

  /** Images before texts. Nothing runs before all images are decoded. */
  private async embedAll(
    loaded: LoadedModel,
    files: readonly ImageFile[],
    prompts: readonly string[],
    { until, timings }: { until: AbortSignal; timings: CallTimings },
  ): Promise<readonly Float32Array[]> {
    const { onParts } = timings;
    const checked = await this.parts.embeddings.checkImages(loaded, files, until, onParts);
    const inSlices = pLimit(IMAGES_AT_ONCE);
    const embedded = await Promise.all([
      ...checked.map((image) =>
        inSlices(() => this.parts.embeddings.embedImage(loaded, image, until, onParts)),
      ),
      ...(prompts.length === 0
        ? []
        : [this.parts.embeddings.embedTexts(loaded, prompts, until, onParts)]),
    ]);
    return embedded.flatMap(({ vectors }) => vectors);
  }

  /** What of a classification its account has paid for: by earlier calls, or with the saved set. */
  private async own(checked: CheckedClassification, files: readonly ImageFile[]) {
    const { accountId, model, prompts, set } = checked;
    const loaded = await this.parts.models.get(model.servedAs);
    const recalled =
      set === undefined ? undefined : await this.parts.labelSets.recall(set, loaded, prompts);
    const owned = await this.parts.units.of({
      accountId,
      model,
      loaded,
      files,
      imageUnit: 'IMAGE',
      prompts: distinct(prompts),
      promptUnit: 'LABEL_TEXT',
      promptsPaidBy: recalled?.paidBy,
    });
    return { loaded, recalled, owned };
  }

  /** In the background: should it fail, the labels run once more some day. */
  private keepLabels(set: LabelSet, loaded: LoadedModel, labels: RecalledLabels): void {
    this.parts.labelSets.keep(set, loaded, labels).catch((err: unknown) => {
      this.parts.logger.warn({ err, labelSetId: set.id }, 'a label set’s vectors were not kept');
    });
  }
}

function requestOf(
  { actor, idempotencyKey, held, signal }: InferenceCall,
  quote: Quote,
  request: object,
): CallRequest {
  return { actor, quote, idempotencyKey, held, signal, request };
}
