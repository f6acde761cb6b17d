import { Field, Float, ID, Int, ObjectType } from 'type-graphql';
import { AccountPayloadType } from '../graphql/payload.type.js';
import { NanoUSD } from '../graphql/scalars.js';
import { CallTimingsType, ChargedUnitType, toChargedUnit } from '../usage/index.js';
import type { ClassifyEstimate } from './inference-call.js';
import type { Metered } from './metered-call.js';

@ObjectType('LabelScore', { description: 'Score of one label for an image.' })
export class LabelScoreType {
  @Field(() => String, { description: 'Label text as given in the call.' })
  readonly label!: string;

  @Field(() => Float, {
    description:
      'Score of the label, 0 to 1: its probability or its share, depending on `scoring`.',
  })
  readonly score!: number;

  @Field(() => Float, {
    description: 'Raw model output, unbounded; `probability` and `share` are derived from it.',
  })
  readonly logit!: number;

  @Field(() => Float, {
    nullable: true,
    description:
      'Independent probability of this label, 0 to 1; null for models trained only to compare labels, such as CLIP.',
  })
  readonly probability!: number | null;

  @Field(() => Float, {
    description: 'Share of this label among the given labels, 0 to 1; shares add up to 1.',
  })
  readonly share!: number;
}

@ObjectType('ImageClassification', { description: 'Classification of one image.' })
export class ImageClassificationType {
  @Field(() => [LabelScoreType], { description: 'Labels with their scores, best first.' })
  readonly labels!: readonly LabelScoreType[];

  @Field(() => Float, { description: 'Difference between the two highest shares, 0 to 1.' })
  readonly margin!: number;

  @Field(() => Boolean, {
    name: 'isNoneOfTheAbove',
    description: 'Whether no label’s probability reaches the threshold.',
  })
  readonly noneOfTheAbove!: boolean;

  @Field(() => Boolean, {
    name: 'isCached',
    description: 'Whether the image was cached for this account, and therefore free.',
  })
  readonly cached!: boolean;
}

@ObjectType('CallCost', { description: 'Cost of a call, by unit and in total.' })
export class CallCostType {
  @Field(() => [ChargedUnitType], { description: 'Charged units, one entry per price.' })
  readonly units: readonly ChargedUnitType[];

  @Field(() => NanoUSD, {
    description:
      'Amount charged for this request: the sum of price × `ran` over all units. 0 for an idempotent replay.',
  })
  readonly chargedNanos: bigint;

  @Field(() => NanoUSD, {
    nullable: true,
    description: 'Amount charged for the original request; set only for an idempotent replay.',
  })
  readonly originalNanos: bigint | null;

  @Field(() => NanoUSD, { description: 'Account balance after the call.' })
  readonly balanceNanos: bigint;

  constructor({ units, chargedNanos, originalNanos, balance }: Metered<object>) {
    this.units = units.map(toChargedUnit);
    this.chargedNanos = chargedNanos;
    this.originalNanos = originalNanos ?? null;
    this.balanceNanos = balance.postedNanos;
  }
}

@ObjectType('Quote', { description: 'Cost that the call would have for the account now.' })
export class QuoteType {
  @Field(() => [ChargedUnitType], {
    description: 'Units of the call; `ran` is the number that would be charged.',
  })
  readonly units: readonly ChargedUnitType[];

  @Field(() => NanoUSD, {
    description: 'Exact cost now. Images and labels that are cached for the account are free.',
  })
  readonly costNanos: bigint;

  @Field(() => NanoUSD, {
    description: 'Credit reserved before the call runs: its cost with nothing cached.',
  })
  readonly maximumNanos: bigint;

  @Field(() => [Boolean], {
    description:
      'For each image, in order: whether it is cached for this account, and therefore free.',
  })
  readonly imagesCached: readonly boolean[];

  @Field(() => [Boolean], {
    description:
      'For each label, in order: whether it is cached for this account, and therefore free.',
  })
  readonly labelsCached: readonly boolean[];

  constructor({ quote, nanos, imagesCached, labelsCached }: ClassifyEstimate) {
    this.units = quote.units.map(toChargedUnit);
    this.costNanos = nanos;
    this.maximumNanos = quote.maximumNanos;
    this.imagesCached = imagesCached;
    this.labelsCached = labelsCached;
  }
}

@ObjectType('ClassifyImagePayload', { description: 'Result of `classifyImage`.' })
export class ClassifyImagePayload extends AccountPayloadType {
  @Field(() => ID, {
    nullable: true,
    description: 'ID of the run, prefixed with `run_`; null for a dry run.',
  })
  readonly runId!: string | null;

  @Field(() => ImageClassificationType, {
    nullable: true,
    description: 'Classification of the first image; null for a dry run.',
  })
  readonly classification!: ImageClassificationType | null;

  @Field(() => [ImageClassificationType], {
    nullable: true,
    description: 'Classifications of all images, in order; null for a dry run.',
  })
  readonly classifications!: readonly ImageClassificationType[];

  @Field(() => Int, {
    nullable: true,
    description: 'Number of labels that were cached for the account, and therefore free.',
  })
  readonly labelsCached!: number;

  @Field(() => CallCostType, {
    nullable: true,
    description: 'Cost of the call; null for a dry run.',
  })
  readonly cost!: CallCostType | null;

  @Field(() => QuoteType, { nullable: true, description: 'Cost estimate; set only for a dry run.' })
  readonly quote!: QuoteType | null;

  @Field(() => CallTimingsType, {
    nullable: true,
    description: 'Time spent in each phase; null for a dry run.',
  })
  readonly timingsMs!: CallTimingsType | null;

  @Field(() => Boolean, {
    name: 'isReplay',
    nullable: true,
    description:
      'Whether this is the stored response to an earlier call with the same idempotency key.',
  })
  readonly replayed!: boolean;
}

/** Result of an embedding, of whatever. */
@ObjectType()
abstract class EmbedPayload extends AccountPayloadType {
  @Field(() => ID, { nullable: true, description: 'ID of the run, prefixed with `run_`.' })
  readonly runId!: string;

  @Field(() => [[Float]], {
    nullable: true,
    description: 'One unit-length vector per input, in order.',
  })
  readonly vectors!: readonly (readonly number[])[];

  @Field(() => Int, {
    nullable: true,
    description: 'Number of inputs that were cached for the account, and therefore free.',
  })
  readonly cached!: number;

  @Field(() => CallCostType, {
    nullable: true,
    description: 'Cost of the call, by unit and in total.',
  })
  readonly cost!: CallCostType;

  @Field(() => CallTimingsType, {
    nullable: true,
    description: 'Time spent in each phase of the call.',
  })
  readonly timingsMs!: CallTimingsType;

  @Field(() => Boolean, {
    name: 'isReplay',
    nullable: true,
    description:
      'Whether this is the stored response to an earlier call with the same idempotency key.',
  })
  readonly replayed!: boolean;
}

@ObjectType('EmbedImagesPayload', { description: 'Result of `embedImages`.' })
export class EmbedImagesPayload extends EmbedPayload {}

@ObjectType('EmbedTextsPayload', { description: 'Result of `embedTexts`.' })
export class EmbedTextsPayload extends EmbedPayload {}
