import { Field, ObjectType } from 'type-graphql';
import { OperatorType } from './operator.type.js';
import { PayloadType } from '../graphql/payload.type.js';

@ObjectType('SetOperatorPayload', { description: 'Result of `setOperator`.' })
export class SetOperatorPayload extends PayloadType {
  @Field(() => [OperatorType], { nullable: true, description: 'All operators of the platform.' })
  readonly operators?: readonly OperatorType[];
}
