import { AccountInput } from '../graphql/input.js';
import { Field, InputType } from 'type-graphql';

@InputType('CreateLabelSetInput', { description: 'Settings of a new label set.' })
export class CreateLabelSetInput extends AccountInput {
  @Field(() => String, {
    description: 'Name of the label set, 1 to 100 characters; unique per account.',
  })
  name!: string;

  @Field(() => [String], { description: 'Labels, 1 to 500, in any language.' })
  labels!: string[];

  @Field(() => String, {
    nullable: true,
    description:
      'Prompt template with {} as the placeholder for the label; "This is a photo of {}." by default.',
  })
  template?: string;
}
