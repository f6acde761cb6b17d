import { Field, ID, InputType } from 'type-graphql';

@InputType('RemoveProviderInput', { description: 'Input for `removeProvider`.' })
export class RemoveProviderInput {
  @Field(() => ID, { description: 'ID of the provider, prefixed with `prv_`.' })
  readonly id!: string;
}
