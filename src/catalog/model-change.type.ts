import { Field, GraphQLISODateTime, ID, ObjectType, registerEnumType } from 'type-graphql';
import { MODEL_CHANGE_KINDS, type ModelChangeKind } from './model-change.js';

registerEnumType(MODEL_CHANGE_KINDS, {
  name: 'ModelChangeKind',
  description: 'What a line of a model’s changelog is about.',
  valuesConfig: {
    ADDED: { description: 'It was added to the catalog.' },
    STAGE: { description: 'It is a step closer to being live.' },
    PUBLISHED: { description: 'It went live.' },
    PRICE: { description: 'A price was set, from now on or from a moment to come.' },
    DEGRADED: { description: 'It cannot be called for the moment.' },
    RESTORED: { description: 'It can be called again.' },
    DEPRECATED: { description: 'It will be retired.' },
    RETIRED: { description: 'It cannot be called any more.' },
    RENAMED: { description: 'It has another slug.' },
    HUB: { description: 'Something happened to it on the Hugging Face Hub.' },
    NOTE: { description: 'Something that an operator has to say.' },
  },
});

@ObjectType('ModelChange', { description: 'Something that happened to a model.' })
export class ModelChangeType {
  @Field(() => ID, { description: 'Stable id, "chg_…".' })
  readonly id!: string;

  @Field(() => MODEL_CHANGE_KINDS, { description: 'What it is about.' })
  readonly kind!: ModelChangeKind;

  @Field(() => String, { description: 'What happened, in words.' })
  readonly text!: string;

  @Field(() => GraphQLISODateTime, { description: 'When.' })
  readonly at!: Date;
}
