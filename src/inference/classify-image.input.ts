import { AccountInput } from '../graphql/input.js';
import { Field, Float, ID, InputType, Int, registerEnumType } from 'type-graphql';
import { type Scoring, SCORINGS } from './metered-call.js';

registerEnumType(SCORINGS, {
  name: 'Scoring',
  description: 'Method by which label scores are computed.',
  valuesConfig: {
    SIGMOID: {
      description:
        'Independent probability of each label; all may be low, or several high. Rejected for models trained with softmax.',
    },
    SOFTMAX: { description: 'Share of each label among the given labels; shares add up to 1.' },
  },
});

@InputType('ImageInput', { description: 'An image. Exactly one field must be set.' })
export class ImageInput {
  @Field(() => String, {
    nullable: true,
    description: 'Base64-encoded file, at most 10 MiB; data: URLs are accepted.',
  })
  base64?: string;

  @Field(() => String, {
    nullable: true,
    description: 'Public https:// or http:// URL of the file.',
  })
  url?: string;

  @Field(() => ID, {
    nullable: true,
    description: 'ID of a file uploaded to /v1/files, prefixed with `file_`.',
  })
  uploadId?: string;
}

@InputType('ClassifyImageInput', { description: 'Images to classify and labels to score.' })
export class ClassifyImageInput extends AccountInput {
  @Field(() => String, { description: 'Slug or alias of the model.' })
  model!: string;

  @Field(() => ImageInput, {
    nullable: true,
    description: 'Image to classify. Exactly one of `image` and `images` is required.',
  })
  image?: ImageInput;

  @Field(() => [ImageInput], {
    nullable: true,
    description:
      'Images to classify, 1 to 16, all scored against the same labels. Exactly one of `image` and `images` is required.',
  })
  images?: ImageInput[];

  @Field(() => [String], {
    nullable: true,
    description:
      'Labels to score, 1 to 500, in any language. Exactly one of `labels` and `labelSetId` is required.',
  })
  labels?: string[];

  @Field(() => ID, {
    nullable: true,
    description:
      'ID of a saved label set, prefixed with `lset_`. Exactly one of `labels` and `labelSetId` is required.',
  })
  labelSetId?: string;

  @Field(() => String, {
    nullable: true,
    description:
      'Prompt template with {} as the placeholder for the label; "This is a photo of {}." by default.',
  })
  template?: string;

  @Field(() => SCORINGS, {
    nullable: true,
    description:
      'Scoring method; by default the one that the model was trained with: SIGMOID for SigLIP, SOFTMAX for CLIP.',
  })
  scoring?: Scoring;

  @Field(() => Float, {
    nullable: true,
    description:
      'Probability, 0 to 1, at which a label counts as a match; used for `noneOfTheAbove`. Rejected for models without probabilities.',
  })
  threshold?: number;

  @Field(() => Int, {
    nullable: true,
    description: 'Number of labels to return per image, best first; all by default.',
  })
  topK?: number;

  @Field(() => String, {
    nullable: true,
    description:
      'Unique key that makes retries safe: requests with the same key return the stored response and are charged once.',
  })
  idempotencyKey?: string;

  @Field(() => Boolean, {
    defaultValue: false,
    description:
      'Whether to validate the call and return its exact cost without running or charging it. Images are downloaded but not decoded.',
  })
  dryRun!: boolean;
}

@InputType('EmbedImagesInput', { description: 'Images to compute embedding vectors for.' })
export class EmbedImagesInput extends AccountInput {
  @Field(() => String, { description: 'Slug or alias of the model.' })
  model!: string;

  @Field(() => [ImageInput], { description: 'Images to embed, 1 to 64.' })
  images!: ImageInput[];

  @Field(() => String, {
    nullable: true,
    description:
      'Unique key that makes retries safe: requests with the same key return the stored response and are charged once.',
  })
  idempotencyKey?: string;
}

@InputType('EmbedTextsInput', { description: 'Texts to compute embedding vectors for.' })
export class EmbedTextsInput extends AccountInput {
  @Field(() => String, { description: 'Slug or alias of the model.' })
  model!: string;

  @Field(() => [String], { description: 'Texts to embed, 1 to 2,048.' })
  texts!: string[];

  @Field(() => String, {
    nullable: true,
    description:
      'Unique key that makes retries safe: requests with the same key return the stored response and are charged once.',
  })
  idempotencyKey?: string;
}
