import { Field, Float, ID, Int, ObjectType } from 'type-graphql';
import { NanoUSD } from '../graphql/scalars.js';
import { ChargedUnitType, toChargedUnit } from '../usage/index.js';
import type { ClassifyEstimate } from './inference-call.js';
import type { Metered } from './metered-call.js';

@ObjectType('LabelScore', { description: 'How well one label fits an image.' })
export class LabelScoreType {
  @Field(() => String, { description: 'As it was given.' })
  readonly label!: string;

  @Field(() => Float, { description: 'Probability or share, as `scoring` says; 0 to 1.' })
  readonly score!: number;

  @Field(() => Float, { description: 'Without bounds; what both others are made from.' })
  readonly logit!: number;

  @Field(() => Float, {
    nullable: true,
    description:
      'Of this label alone, 0 to 1; null where the model was trained to compare labels only, as CLIP.',
  })
  readonly probability!: number | null;

  @Field(() => Float, { description: 'Among the labels given, which add up to 1.' })
  readonly share!: number;
}

@ObjectType('ImageClassification', { description: 'What one image shows.' })
export class ImageClassificationType {
  @Field(() => [LabelScoreType], { description: 'Best first.' })
  readonly labels!: readonly LabelScoreType[];

  @Field(() => Float, { description: 'Share of the best label less that of the next, 0 to 1.' })
  readonly margin!: number;

  @Field(() => Boolean, { description: 'No label’s probability reaches the threshold.' })
  readonly noneOfTheAbove!: boolean;

  @Field(() => Boolean, {
    description: 'The account had paid for the image before; it cost nothing.',
  })
  readonly cached!: boolean;
}

@ObjectType('CallTimings', { description: 'Where the time of a call went, in milliseconds.' })
export class CallTimingsType {
  @Field(() => Float, { nullable: true, description: 'Finding out who calls.' })
  readonly auth?: number;

  @Field(() => Float, { nullable: true, description: 'Setting credit aside.' })
  readonly hold?: number;

  @Field(() => Float, { nullable: true, description: 'Downloading images.' })
  readonly fetch?: number;

  @Field(() => Float, { nullable: true, description: 'Making pixels of images.' })
  readonly decode?: number;

  @Field(() => Float, { nullable: true, description: 'Waiting for a turn.' })
  readonly queue?: number;

  @Field(() => Float, { nullable: true, description: 'Running; 0 when all was cached.' })
  readonly infer?: number;

  @Field(() => Float, { nullable: true, description: 'Charging.' })
  readonly capture?: number;
}

@ObjectType('CallCost', { description: 'What a call cost.' })
export class CallCostType {
  @Field(() => [ChargedUnitType], { description: 'Line by line.' })
  readonly units: readonly ChargedUnitType[];

  @Field(() => NanoUSD, {
    description:
      'Amount charged for this request: the sum over the lines of price × ran. 0 for a replay.',
  })
  readonly chargedNanos: bigint;

  @Field(() => NanoUSD, {
    nullable: true,
    description: 'For a replay: amount charged for the original request. Null for all others.',
  })
  readonly originalNanos: bigint | null;

  @Field(() => NanoUSD, { description: 'The account’s credit after it.' })
  readonly balanceNanos: bigint;

  constructor({ units, chargedNanos, originalNanos, balance }: Metered<object>) {
    this.units = units.map(toChargedUnit);
    this.chargedNanos = chargedNanos;
    this.originalNanos = originalNanos ?? null;
    this.balanceNanos = balance.postedNanos;
  }
}

@ObjectType('Quote', { description: 'What a call would cost the account if it were sent now.' })
export class QuoteType {
  @Field(() => [ChargedUnitType], { description: 'Line by line; `ran` is what would be charged.' })
  readonly units: readonly ChargedUnitType[];

  @Field(() => NanoUSD, {
    description: 'Exact cost now: images and labels that the account has paid for before are free.',
  })
  readonly costNanos: bigint;

  @Field(() => NanoUSD, {
    description: 'Credit reserved before the call runs: its cost with nothing cached.',
  })
  readonly maximumNanos: bigint;

  @Field(() => [Boolean], {
    description: 'For each image, in order: true when it is cached for this account, so free.',
  })
  readonly imagesCached: readonly boolean[];

  @Field(() => [Boolean], {
    description: 'For each label, in order: true when it is cached for this account, so free.',
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

@ObjectType('ClassifyImagePayload', { description: 'Answer to a classification.' })
export class ClassifyImagePayload {
  @Field(() => ID, { nullable: true, description: 'Of the run; null for a dry run.' })
  readonly runId!: string | null;

  @Field(() => ImageClassificationType, {
    nullable: true,
    description: 'Of the first image; null for a dry run.',
  })
  readonly classification!: ImageClassificationType | null;

  @Field(() => [ImageClassificationType], { description: 'Of each image, in order.' })
  readonly classifications!: readonly ImageClassificationType[];

  @Field(() => Int, {
    description: 'Number of labels that the account had paid for before; they cost nothing.',
  })
  readonly labelsCached!: number;

  @Field(() => CallCostType, { nullable: true, description: 'Null for a dry run.' })
  readonly cost!: CallCostType | null;

  @Field(() => QuoteType, { nullable: true, description: 'For a dry run.' })
  readonly quote!: QuoteType | null;

  @Field(() => CallTimingsType, { nullable: true, description: 'Null for a dry run.' })
  readonly timingsMs!: CallTimingsType | null;

  @Field(() => Boolean, {
    description: 'It is the answer to an earlier call with the same idempotency key.',
  })
  readonly replayed!: boolean;
}

@ObjectType('EmbedPayload', { description: 'Answer to an embedding.' })
export class EmbedPayload {
  @Field(() => ID, { description: 'Of the run.' })
  readonly runId!: string;

  @Field(() => [[Float]], { description: 'One vector for each input, of length 1.' })
  readonly vectors!: readonly (readonly number[])[];

  @Field(() => Int, {
    description: 'Number of inputs that the account had paid for before; they cost nothing.',
  })
  readonly cached!: number;

  @Field(() => CallCostType, { description: 'What it cost.' })
  readonly cost!: CallCostType;

  @Field(() => CallTimingsType, { description: 'Where the time went.' })
  readonly timingsMs!: CallTimingsType;

  @Field(() => Boolean, {
    description: 'It is the answer to an earlier call with the same idempotency key.',
  })
  readonly replayed!: boolean;
}
