import { Field, Float, ID, InputType, Int, registerEnumType } from 'type-graphql';
import { type Scoring, SCORINGS } from './metered-call.js';

registerEnumType(SCORINGS, {
  name: 'Scoring',
  description: 'What the score of a label is.',
  valuesConfig: {
    SIGMOID: {
      description:
        'The label’s own probability; all may be low, or several high. Refused for models trained with softmax.',
    },
    SOFTMAX: { description: 'Its share among the labels given; they add up to 1.' },
  },
});

@InputType('ImageInput', { description: 'An image: exactly one of its fields.' })
export class ImageInput {
  @Field(() => String, {
    nullable: true,
    description: 'The file’s bytes in base64, 10 MiB at most; a data: URL is understood.',
  })
  base64?: string;

  @Field(() => String, {
    nullable: true,
    description: 'Where the file is, by https or http, on the public internet.',
  })
  url?: string;

  @Field(() => ID, { nullable: true, description: 'Of a file sent to /v1/files: "file_…".' })
  uploadId?: string;
}

@InputType('ClassifyImageInput', { description: 'One image or several, and what they may show.' })
export class ClassifyImageInput {
  @Field(() => String, { description: 'Slug of the model, or an alias of it.' })
  model!: string;

  @Field(() => ImageInput, { nullable: true, description: 'The image; or give `images`.' })
  image?: ImageInput;

  @Field(() => [ImageInput], {
    nullable: true,
    description: '1 to 16 images, each scored against the same labels; or give `image`.',
  })
  images?: ImageInput[];

  @Field(() => [String], {
    nullable: true,
    description: '1 to 500 labels, in any language; or give `labelSetId`.',
  })
  labels?: string[];

  @Field(() => ID, { nullable: true, description: 'Of saved labels: "lset_…".' })
  labelSetId?: string;

  @Field(() => String, {
    nullable: true,
    description: 'Prompt with {} where the label goes; "This is a photo of {}." by default.',
  })
  template?: string;

  @Field(() => SCORINGS, {
    nullable: true,
    description:
      'What `score` is. By default as the model was trained: SIGMOID for SigLIP, SOFTMAX for CLIP.',
  })
  scoring?: Scoring;

  @Field(() => Float, {
    nullable: true,
    description:
      'Probability, 0 to 1, at which a label counts as a match, for `noneOfTheAbove`. Refused where there are none.',
  })
  threshold?: number;

  @Field(() => Int, {
    nullable: true,
    description: 'How many labels to answer with; all by default.',
  })
  topK?: number;

  @Field(() => String, {
    nullable: true,
    description: 'Sent again with the same key, the call is answered again and charged once.',
  })
  idempotencyKey?: string;

  @Field(() => Boolean, {
    defaultValue: false,
    description:
      'Checks the call and returns its exact cost for this account; runs and charges nothing. Images are downloaded, not decoded.',
  })
  dryRun!: boolean;
}

@InputType('EmbedImagesInput', { description: 'Images to turn into vectors.' })
export class EmbedImagesInput {
  @Field(() => String, { description: 'Slug of the model, or an alias of it.' })
  model!: string;

  @Field(() => [ImageInput], { description: '1 to 64 images.' })
  images!: ImageInput[];

  @Field(() => String, {
    nullable: true,
    description: 'Sent again with the same key, the call is answered again and charged once.',
  })
  idempotencyKey?: string;
}

@InputType('EmbedTextsInput', { description: 'Texts to turn into vectors.' })
export class EmbedTextsInput {
  @Field(() => String, { description: 'Slug of the model, or an alias of it.' })
  model!: string;

  @Field(() => [String], { description: '1 to 2,048 texts.' })
  texts!: string[];

  @Field(() => String, {
    nullable: true,
    description: 'Sent again with the same key, the call is answered again and charged once.',
  })
  idempotencyKey?: string;
}
