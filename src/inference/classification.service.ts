import { AppError } from '../errors.js';
import {
  canonicalPrompt,
  DEFAULT_TEMPLATE,
  labelLogits,
  type LabelWarning,
  labelWarnings,
  parseTemplate,
  type RankedScores,
  rankLabels,
  type TextCleaning,
} from '../siglip/index.js';
import {
  type EmbeddingService,
  type ImageFile,
  imageFileOf,
  type OnParts,
} from './embedding.service.js';
import type { LoadedModel } from './model.service.js';

const LABELS_MAX = 500;
/** Of an embedding: as many as OpenAI takes in one request, and its clients send. */
const TEXTS_MAX = 2_048;
const LABEL_CHARS_MAX = 1_000;

interface Labeled {
  readonly model: LoadedModel;
  /** 1–500, in any script; equal ones are scored alike. */
  readonly labels: readonly string[];
  /** With `{}` or `{label}` once; by default that of the Hugging Face pipeline. */
  readonly template?: string | undefined;
  /** 0–1: a label's probability that counts as a match. */
  readonly threshold?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onParts?: OnParts | undefined;
}

export interface ClassifyRequest extends Labeled {
  /** Bytes of an image file. */
  readonly image: Uint8Array;
}

export interface ClassifyAllRequest extends Labeled {
  readonly images: readonly ImageFile[];
  /** What the model made of the labels before, in their order; left out: they are embedded. */
  readonly labelVectors?: readonly Float32Array[] | undefined;
}

export interface ScoredImage extends RankedScores {
  /** The image was not run for this call. */
  readonly cached: boolean;
}

export interface Classifications {
  /** In the order of the request. */
  readonly images: readonly ScoredImage[];
  /** Labels that were not run for this call. */
  readonly labelsCached: number;
  /** In the order of the labels. Shared: nobody may change them. */
  readonly labelVectors: readonly Float32Array[];
  /** Labels of which the model reads nothing, or a part, or which it cannot tell apart. */
  readonly warnings: readonly LabelWarning[];
}

export interface Classification extends RankedScores {
  /** The image was not run for this call. */
  readonly imageCached: boolean;
  /** Labels that were not run for this call. */
  readonly labelsCached: number;
  /** As {@link Classifications.warnings}. */
  readonly warnings: readonly LabelWarning[];
}

/** Scores images against labels that nobody trained it for. Knows no accounts and charges nobody. */
export class ClassificationService {
  constructor(private readonly embeddings: EmbeddingService) {}

  /**
   * @throws AppError BAD_USER_INPUT for labels or a template that cannot be scored, as `imagePixels` for
   *   the image, and as `PredictorClient.infer`
   */
  async classify({ image, ...request }: ClassifyRequest): Promise<Classification> {
    const images = [imageFileOf(image)];
    const { images: all, ...labels } = await this.classifyAll({ ...request, images });
    const { labelsCached, warnings } = labels;
    const [scored] = all;
    if (scored === undefined) throw new Error('One image gave no result.');
    const { cached, ...scores } = scored;
    return { ...scores, imageCached: cached, labelsCached, warnings };
  }

  /** As `classify`, for several images and the same labels. Nothing runs before all images are decoded. */
  async classifyAll(request: ClassifyAllRequest): Promise<Classifications> {
    const { model, signal, onParts } = request;
    const { template } = request;
    const cleaning = model.config.textCleaning;
    const prompts = checkLabels(request.labels, { template, cleaning });
    const checked = await this.embeddings.checkImages(model, request.images, signal, onParts);
    const [labels, ...images] = await Promise.all([
      request.labelVectors === undefined
        ? this.embeddings.embedTexts(model, prompts, signal, onParts)
        : { vectors: request.labelVectors, cached: prompts.length },
      ...checked.map((image) => this.embeddings.embedImage(model, image, signal, onParts)),
    ]);
    const rows = join(labels.vectors);
    return {
      images: images.map(({ vectors, cached }) => {
        const [vector = new Float32Array()] = vectors;
        const logits = labelLogits(vector, rows, model.scoring);
        const { loss } = model.config;
        return { ...rankLabels(logits, request.threshold, loss), cached: cached === 1 };
      }),
      labelsCached: labels.cached,
      labelVectors: labels.vectors,
      warnings: labelWarnings(request.labels, { template, cleaning, tokenizer: model.tokenizer }),
    };
  }
}

/** How labels, or other texts, become prompts. */
export interface PromptOptions {
  /** By default that of the Hugging Face pipeline. */
  readonly template?: string | undefined;
  /** The model's. */
  readonly cleaning: TextCleaning;
  /** What they are called in messages. */
  readonly what?: 'label' | 'text';
}

/** The cleaned prompts of some labels, or of other texts, in order. @throws AppError BAD_USER_INPUT */
export function checkLabels(
  labels: readonly string[],
  { template = DEFAULT_TEMPLATE, cleaning, what = 'label' }: PromptOptions,
): string[] {
  if (labels.length === 0) throw bad(`No ${what}s given; at least one is required.`);
  const most = what === 'label' ? LABELS_MAX : TEXTS_MAX;
  if (labels.length > most) {
    throw bad(
      `Got ${String(labels.length)} ${what}s; at most ${String(most)} are allowed per call. Split them into several calls.`,
    );
  }
  const parsed = parseTemplate(template);
  const alone = { before: '', after: '' };
  return labels.map((label, at) => {
    const which = `${what === 'label' ? 'Label' : 'Text'} ${String(at + 1)}`;
    if (label.length > LABEL_CHARS_MAX) {
      throw bad(
        `${which} has ${String(label.length)} characters; at most ${String(LABEL_CHARS_MAX)} are allowed.`,
      );
    }
    if (canonicalPrompt(alone, label, cleaning).trim() === '') {
      throw bad(`${which} is empty or consists of punctuation, which the model ignores.`);
    }
    return canonicalPrompt(parsed, label, cleaning);
  });
}

function join(vectors: readonly Float32Array[]): Float32Array {
  const width = vectors[0]?.length ?? 0;
  const rows = new Float32Array(vectors.length * width);
  for (const [row, vector] of vectors.entries()) rows.set(vector, row * width);
  return rows;
}

function bad(message: string): AppError {
  return new AppError('BAD_USER_INPUT', message);
}
