import { Field, InputType } from 'type-graphql';

@InputType('SetOperatorInput', { description: 'Input for `setOperator`.' })
export class SetOperatorInput {
  @Field(() => String, { description: 'Email address with which the person signs in.' })
  readonly email!: string;

  @Field(() => Boolean, { description: 'Whether the person is to be an operator.' })
  readonly isOperator!: boolean;
}
