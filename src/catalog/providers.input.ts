import { Field, ID, InputType } from 'type-graphql';

@InputType('DeleteProviderInput', { description: 'Input for `deleteProvider`.' })
export class DeleteProviderInput {
  @Field(() => ID, { description: 'ID of the provider, prefixed with `prv_`.' })
  readonly id!: string;
}
