import { Field, InputType } from 'type-graphql';

@InputType('CreateLabelSetInput', { description: 'Labels to save.' })
export class CreateLabelSetInput {
  @Field(() => String, { description: '1 to 100 characters, unique in the account.' })
  name!: string;

  @Field(() => [String], { description: '1 to 500 labels, in any language.' })
  labels!: string[];

  @Field(() => String, {
    nullable: true,
    description: 'Prompt with {} where the label goes; "This is a photo of {}." by default.',
  })
  template?: string;
}
