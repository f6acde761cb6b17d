import { Field, ID, ObjectType } from 'type-graphql';
import { PayloadType } from '../graphql/payload.type.js';
import { ProviderType } from './provider.type.js';

@ObjectType('CreateProviderPayload', { description: 'Result of `createProvider`.' })
export class CreateProviderPayload extends PayloadType {
  @Field(() => ProviderType, { nullable: true, description: 'The new provider.' })
  readonly provider?: ProviderType;
}

@ObjectType('UpdateProviderPayload', { description: 'Result of `updateProvider`.' })
export class UpdateProviderPayload extends PayloadType {
  @Field(() => ProviderType, { nullable: true, description: 'The updated provider.' })
  readonly provider?: ProviderType;
}

@ObjectType('DeleteProviderPayload', { description: 'Result of `deleteProvider`.' })
export class DeleteProviderPayload extends PayloadType {
  @Field(() => ID, { nullable: true, description: 'ID of the removed provider.' })
  readonly deletedProviderId?: string;
}
