import { AccountInput } from '../graphql/input.js';
import { GraphQLSafeInt } from 'graphql-scalars';
import { Field, InputType } from 'type-graphql';
import { AppError } from '../errors.js';

@InputType('RequestModelInput', {
  description: 'Model to request. Exactly one of `slug` and `huggingFaceUrl` is required.',
})
export class RequestModelInput extends AccountInput {
  @Field(() => String, {
    nullable: true,
    description: 'Slug or alias of the model, in the form "owner/name".',
  })
  readonly slug?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'URL of the model on the Hugging Face Hub. A model that is not in the catalog is added as PROPOSED.',
  })
  readonly huggingFaceUrl?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Intended use of the model, at most 2,000 characters.',
  })
  readonly useCase?: string | null;

  @Field(() => GraphQLSafeInt, {
    nullable: true,
    description: 'Expected number of calls per month, 0 to 10^12.',
  })
  readonly monthlyVolume?: number | null;

  @Field(() => Boolean, {
    defaultValue: true,
    description: 'Whether you agree to emails about the model, including its launch.',
  })
  readonly isContactAllowed!: boolean;
}

@InputType('JoinWaitlistInput', {
  description: 'Model to request by email. Exactly one of `slug` and `huggingFaceUrl` is required.',
})
export class JoinWaitlistInput {
  @Field(() => String, {
    description: 'Email address to notify. The request counts once the address is confirmed.',
  })
  readonly email!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Slug or alias of the model, in the form "owner/name".',
  })
  readonly slug?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'URL of the model on the Hugging Face Hub.',
  })
  readonly huggingFaceUrl?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Intended use of the model, at most 2,000 characters.',
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
  throw new AppError('BAD_USER_INPUT', 'Set exactly one of `slug` and `huggingFaceUrl`.', {
    details: { argument: 'slug' },
  });
}
