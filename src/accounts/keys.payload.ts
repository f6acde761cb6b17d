import { Field, ObjectType } from 'type-graphql';
import { AccountPayloadType } from '../graphql/payload.type.js';
import { ApiKeyEdgeType, ApiKeyType } from './api-key.type.js';

@ObjectType('CreateApiKeyPayload', { description: 'Result of `createApiKey`.' })
export class CreateApiKeyPayload extends AccountPayloadType {
  @Field(() => ApiKeyType, { nullable: true, description: 'The new API key.' })
  readonly apiKey?: ApiKeyType;

  @Field(() => ApiKeyEdgeType, {
    nullable: true,
    description: 'Edge of the new API key in the account’s list of API keys.',
  })
  readonly apiKeyEdge?: ApiKeyEdgeType;

  @Field(() => String, { nullable: true, description: 'Secret of the key; shown only once.' })
  readonly secret?: string;
}

@ObjectType('RotateApiKeyPayload', { description: 'Result of `rotateApiKey`.' })
export class RotateApiKeyPayload extends AccountPayloadType {
  @Field(() => ApiKeyType, { nullable: true, description: 'The new API key.' })
  readonly apiKey?: ApiKeyType;

  @Field(() => ApiKeyEdgeType, {
    nullable: true,
    description: 'Edge of the new API key in the account’s list of API keys.',
  })
  readonly apiKeyEdge?: ApiKeyEdgeType;

  @Field(() => ApiKeyType, {
    nullable: true,
    description: 'The replaced API key; `revokedAt` is the time at which it stops working.',
  })
  readonly replacedApiKey?: ApiKeyType;

  @Field(() => String, { nullable: true, description: 'Secret of the new key; shown only once.' })
  readonly secret?: string;
}

@ObjectType('RevokeApiKeyPayload', { description: 'Result of `revokeApiKey`.' })
export class RevokeApiKeyPayload extends AccountPayloadType {
  @Field(() => ApiKeyType, { nullable: true, description: 'The revoked API key.' })
  readonly apiKey?: ApiKeyType;
}

@ObjectType('UpdateApiKeyPayload', { description: 'Result of `updateApiKey`.' })
export class UpdateApiKeyPayload extends AccountPayloadType {
  @Field(() => ApiKeyType, { nullable: true, description: 'The updated API key.' })
  readonly apiKey?: ApiKeyType;
}
