import { Field, GraphQLISODateTime, ID, ObjectType, registerEnumType } from 'type-graphql';
import { MODEL_CHANGE_KINDS, type ModelChangeKind } from './model-change.js';

registerEnumType(MODEL_CHANGE_KINDS, {
  name: 'ModelChangeKind',
  description: 'Kind of changelog entry.',
  valuesConfig: {
    ADDED: { description: 'The model was added to the catalog.' },
    STAGE: { description: 'The model moved to another stage before its launch.' },
    PUBLISHED: { description: 'The model went live.' },
    PRICE: { description: 'A price was set, effective now or later.' },
    DEGRADED: { description: 'The model became temporarily unavailable.' },
    RESTORED: { description: 'The model became available again.' },
    DEPRECATED: { description: 'The model was deprecated.' },
    RETIRED: { description: 'The model was retired.' },
    RENAMED: { description: 'The slug of the model was changed.' },
    HUB: { description: 'The model changed on the Hugging Face Hub.' },
    NOTE: { description: 'An operator added a note.' },
  },
});

@ObjectType('ModelChange', { description: 'An entry in a model’s changelog.' })
export class ModelChangeType {
  @Field(() => ID, { description: 'ID of the entry, prefixed with `chg_`.' })
  readonly id!: string;

  @Field(() => MODEL_CHANGE_KINDS, { description: 'Kind of the entry.' })
  readonly kind!: ModelChangeKind;

  @Field(() => String, { description: 'Description of the change.' })
  readonly text!: string;

  @Field(() => GraphQLISODateTime, { description: 'Time of the change.' })
  readonly at!: Date;
}
