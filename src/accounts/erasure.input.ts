import { Field, InputType } from 'type-graphql';

const GIVE_UP = {
  defaultValue: false,
  description: 'Must be true if the personal account has remaining credit, which is forfeited.',
} as const;

@InputType('EraseMeInput', { description: 'Input for `eraseMe`.' })
export class EraseMeInput {
  @Field(() => String, { description: 'Your email address, as confirmation.' })
  readonly email!: string;

  @Field(() => Boolean, GIVE_UP)
  readonly giveUpCredit!: boolean;
}

@InputType('ErasePersonInput', { description: 'Input for `erasePerson`.' })
export class ErasePersonInput {
  @Field(() => String, { description: 'Email address with which the person signs in.' })
  readonly email!: string;

  @Field(() => Boolean, GIVE_UP)
  readonly giveUpCredit!: boolean;
}
