import { Field, ID, ObjectType } from 'type-graphql';
import { PayloadType } from '../graphql/payload.type.js';
import { ProviderType } from './provider.type.js';

@ObjectType('AddProviderPayload', { description: 'Result of `addProvider`.' })
export class AddProviderPayload extends PayloadType {
  @Field(() => ProviderType, { nullable: true, description: 'The new provider.' })
  readonly provider?: ProviderType;
}

@ObjectType('EditProviderPayload', { description: 'Result of `editProvider`.' })
export class EditProviderPayload extends PayloadType {
  @Field(() => ProviderType, { nullable: true, description: 'The updated provider.' })
  readonly provider?: ProviderType;
}

@ObjectType('RemoveProviderPayload', { description: 'Result of `removeProvider`.' })
export class RemoveProviderPayload extends PayloadType {
  @Field(() => ID, { nullable: true, description: 'ID of the removed provider.' })
  readonly deletedProviderId?: string;
}
