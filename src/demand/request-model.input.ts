import { GraphQLSafeInt } from 'graphql-scalars';
import { Field, InputType } from 'type-graphql';
import { AppError } from '../errors.js';

@InputType('RequestModelInput', {
  description: 'Which model, and why. Name it in one of two ways.',
})
export class RequestModelInput {
  @Field(() => String, { nullable: true, description: 'Slug or alias, "owner/name".' })
  readonly slug?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Address of its page at the Hugging Face Hub; a model that the catalog does not have is proposed.',
  })
  readonly huggingFaceUrl?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'What it is wanted for; 2,000 characters at most.',
  })
  readonly useCase?: string | null;

  @Field(() => GraphQLSafeInt, {
    nullable: true,
    description: 'Calls a month that are expected; 0 to 10^12.',
  })
  readonly monthlyVolume?: number | null;

  @Field(() => Boolean, {
    defaultValue: true,
    description: 'Whether to write about it, the launch included.',
  })
  readonly contactOk!: boolean;
}

@InputType('JoinWaitlistInput', {
  description: 'Which model, and whom to tell. Name it in one of two ways.',
})
export class JoinWaitlistInput {
  @Field(() => String, { description: 'Where to write. It counts once it is confirmed.' })
  readonly email!: string;

  @Field(() => String, { nullable: true, description: 'Slug or alias, "owner/name".' })
  readonly slug?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Address of its page at the Hugging Face Hub.',
  })
  readonly huggingFaceUrl?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'What it is wanted for; 2,000 characters at most.',
  })
  readonly useCase?: string | null;
}

/** @throws AppError BAD_USER_INPUT unless the model is named in exactly one way */
export function modelOf({
  slug,
  huggingFaceUrl,
}: Pick<RequestModelInput, 'slug' | 'huggingFaceUrl'>): string {
  const [model, second] = [slug, huggingFaceUrl].flatMap((name) => name ?? []);
  if (model !== undefined && second === undefined) return model;
  throw new AppError('BAD_USER_INPUT', 'Give either slug or huggingFaceUrl.', {
    details: { argument: 'slug' },
  });
}
