import type { Actor } from '../platform/actor.js';
import type { ImageSource } from './image-source.js';
import type { HeldRun, Quote, Scoring, Tier } from './metered-call.js';

/** What all metered calls have in common. */
export interface InferenceCall {
  readonly actor: Actor;
  readonly model: string;
  readonly idempotencyKey?: string | undefined;
  readonly tier?: Tier | undefined;
  /** Credit that was set aside before, as its quote says; by default it is now. */
  readonly held?: HeldRun | undefined;
  readonly signal: AbortSignal;
}

/** A call that is only quoted. */
export type Quoted<C> = Omit<C, 'idempotencyKey' | 'held' | 'signal'>;

export interface ClassifyCall extends InferenceCall {
  /** 1–16. */
  readonly images: readonly ImageSource[];
  /** Either 1–500 labels, or a saved set. */
  readonly labels?: readonly string[] | undefined;
  readonly labelSetId?: string | undefined;
  /** With saved labels: that of the set by default. */
  readonly template?: string | undefined;
  /** Left out: as the model was trained. SIGMOID is refused where that says nothing. */
  readonly scoring?: Scoring | undefined;
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
      /** null where the model was trained to compare labels, not to judge each by itself. */
      readonly probability: number | null;
      readonly share: number;
    }[];
    readonly margin: number;
    readonly noneOfTheAbove: boolean;
    /** The account had paid for it before, or for an equal one in the call. */
    readonly cached: boolean;
  }[];
  /** Labels that cost nothing. */
  readonly labelsCached: number;
}

/** What a classification would cost, exactly, if it were sent now. */
export interface ClassifyEstimate {
  readonly quote: Quote;
  readonly nanos: bigint;
  /** For each image, in order: it would cost nothing. */
  readonly imagesCached: readonly boolean[];
  /** For each label, in order: it would cost nothing. */
  readonly labelsCached: readonly boolean[];
}

export interface EmbedCall extends InferenceCall {
  /** At least one of the two, 1–64 images and 1–2,048 texts. */
  readonly images?: readonly ImageSource[];
  readonly texts?: readonly string[];
  /** 1 to the model's width: vectors are cut to it, and have length 1 again; left out: they are whole. */
  readonly dimensions?: number | undefined;
}

export interface EmbedResult {
  /** In order, images before texts; each of length 1. */
  readonly vectors: readonly (readonly number[])[];
  /** Images and texts that cost nothing. */
  readonly cached: number;
}

/** What callers may want to know of a model before, or beside, a call. */
export interface ServedModel {
  /** Numbers of an embedding. */
  readonly embeddingSize: number;
  /** A logit is this times the cosine, and a bias that is the same for all labels. */
  readonly logitScale: number;
  readonly logitBias: number;
  /** Whether it was trained to judge each label by itself, or to compare labels. */
  readonly loss: 'sigmoid' | 'softmax';
  /** Tokens of a text; what is longer is cut. */
  readonly contextLength: number;
  /** Precision of the weights that run, as `fp32`. */
  readonly variant: string;
}
