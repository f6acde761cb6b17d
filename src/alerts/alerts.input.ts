import { Field, ID, InputType } from 'type-graphql';
import { AccountInput } from '../graphql/input.js';

@InputType('DeleteAlertRuleInput', { description: 'Input for `deleteAlertRule`.' })
export class DeleteAlertRuleInput extends AccountInput {
  @Field(() => ID, { description: 'ID of the rule, prefixed with `alr_`.' })
  readonly id!: string;
}
