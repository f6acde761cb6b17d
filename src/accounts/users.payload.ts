import { Field, ObjectType } from 'type-graphql';
import { PayloadType } from '../graphql/payload.type.js';
import { UserType } from './user.type.js';

@ObjectType('UpdateUserPayload', { description: 'Result of `updateUser`.' })
export class UpdateUserPayload extends PayloadType {
  @Field(() => UserType, { nullable: true, description: 'The user with the new name.' })
  readonly user?: UserType | null;
}

@ObjectType('ChangePasswordPayload', { description: 'Result of `changePassword`.' })
export class ChangePasswordPayload extends PayloadType {}
