import { Field, ObjectType } from 'type-graphql';
import { UserType } from './user.type.js';
import { PayloadType } from '../graphql/payload.type.js';

@ObjectType('SetOperatorPayload', { description: 'Result of `setOperator`.' })
export class SetOperatorPayload extends PayloadType {
  @Field(() => [UserType], { nullable: true, description: 'All operators of the platform.' })
  readonly operators?: readonly UserType[];
}
