import type { TensorNames } from './names.js';

/*
 * The one description of a model that every layout is read into (`layouts.ts`), and that graphs, pixels, tokens and
 * scores are driven by. What differs between families is a value here, never a question for the layout's name.
 */

/** `gelu` is exact, with erf; `gelu_tanh` the approximation (up to 4.7e-4 apart); `quick_gelu` is `x · σ(1.702 x)`. */
export type Activation = 'gelu' | 'gelu_tanh' | 'quick_gelu';

/** The size and kind of one transformer tower. */
export interface TowerConfig {
  readonly width: number;
  /** Number of blocks. */
  readonly depth: number;
  /** A divisor of `width`. */
  readonly heads: number;
  readonly mlpWidth: number;
  readonly layerNormEpsilon: number;
  readonly activation: Activation;
}

export interface VisionConfig extends TowerConfig {
  /** Pixels of one side of the square input. */
  readonly imageSize: number;
  /** Pixels of one side; rows and columns of the image that no whole patch covers are never read. */
  readonly patchSize: number;
  /** Positions of an image: the square of `floor(imageSize / patchSize)`, and one for the class token. */
  readonly tokens: number;
  /** `map`: SigLIP's attention pool over the patches. `class-token`: the first position, which is learned. */
  readonly pooling: 'map' | 'class-token';
}

export interface TextConfig extends TowerConfig {
  /** Ids of a text, always: shorter ones are padded, longer ones cut. */
  readonly contextLength: number;
  /** Ids are 0 to `vocabSize − 1`. A tokenizer may know more (open_clip#735): those must not be sent. */
  readonly vocabSize: number;
  /** What fills a text up, where it is not what the tokenizer's own files say. */
  readonly padId?: number;
  /** A position attends to itself and to those before it only. */
  readonly causal: boolean;
  /** The position that is the feature: the last one, or that of the largest id, which ends a text. */
  readonly pooling: 'last' | 'largest-id';
}

/** How a picture becomes the vision tower's input. */
export interface PreprocessConfig {
  /** Pixels of one side. */
  readonly imageSize: number;
  /**
   * `squash`: both axes to `imageSize`, each on its own; nothing is cropped. `shortest`: the shorter side to
   * `imageSize`, then the center is cut out.
   */
  readonly resizeMode: 'squash' | 'shortest';
  /** Pillow's, with antialias. */
  readonly interpolation: 'bicubic' | 'bilinear';
  /** When the picture becomes RGB: palettes and alpha are resized differently. */
  readonly rgb: 'before-resize' | 'after-resize';
  /** Of the crop, where an odd number of pixels is left over: `round` is half to even, as torchvision does. */
  readonly cropOffset: 'round' | 'floor';
  /** Red, green, blue, on the scale 0–1. The graphs normalize: `(value / 255 − mean) / std`. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/**
 * Cleaning of a prompt before it is tokenized. Each is what one reference does:
 * - `canonicalize`: open_clip's for SigLIP: ftfy, HTML, `_` to a space, no ASCII punctuation, lower case, single spaces
 * - `siglip`: transformers' `SiglipTokenizer`: lower case, no ASCII punctuation, single spaces
 * - `lower`: transformers' `Siglip2Tokenizer`: lower case
 * - `whitespace-lower`: open_clip's `clean="lower"` for CLIP: ftfy, HTML, single spaces, lower case
 * - `clip`: transformers' `CLIPTokenizer`: NFC, single spaces, lower case of each character by itself
 */
export type TextCleaning = 'canonicalize' | 'siglip' | 'lower' | 'whitespace-lower' | 'clip';

/**
 * Which file says how a cleaned prompt becomes ids. `tokenizer.json` says itself which of its kinds it is;
 * `spiece.model` is SentencePiece's own.
 */
export type TokenizerFile = 'tokenizer.json' | 'spiece.model';

/** What pixels, tokens and scores need to know of a model, whoever made its graphs. */
export interface ServedConfig {
  /** Length of an embedding. */
  readonly embedDim: number;
  readonly text: Pick<TextConfig, 'contextLength' | 'vocabSize' | 'padId'>;
  readonly preprocess: PreprocessConfig;
  readonly textCleaning: TextCleaning;
  readonly tokenizer: TokenizerFile;
  /** How the model was trained: what a probability of a single label means, or that it means nothing. */
  readonly loss: 'sigmoid' | 'softmax';
}

/** All that a checkpoint's configuration says, in our words. */
export interface ModelConfig extends ServedConfig {
  readonly vision: VisionConfig;
  readonly text: TextConfig;
  /** What the parts are called in the checkpoint. */
  readonly names: TensorNames;
}
