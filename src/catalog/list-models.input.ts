import { GraphQLSafeInt } from 'graphql-scalars';
import { Field, InputType, registerEnumType } from 'type-graphql';
import {
  type Direction,
  DIRECTIONS,
  MODEL_ORDER_FIELDS,
  type ModelFilter,
  type ModelOrder,
  type ModelOrderField,
  NATURAL_DIRECTION,
  searchWords,
} from './model-order.js';
import { MODEL_STATUSES, MODEL_TASKS, type ModelStatus, type ModelTask } from './model.js';

registerEnumType(MODEL_ORDER_FIELDS, {
  name: 'ModelOrderField',
  description: 'What a list of models is ordered by. Models without the value come last.',
  valuesConfig: {
    DOWNLOADS: { description: 'Downloads a month; most first unless said otherwise.' },
    NEWEST: { description: 'Date of publication; newest first unless said otherwise.' },
    NAME: { description: 'Name, A to Z unless said otherwise.' },
    PARAMETERS: { description: 'Number of parameters; largest first unless said otherwise.' },
    PRICE: { description: 'Price of one image now; cheapest first unless said otherwise.' },
    DEMAND: { description: 'Requests for it; most first unless said otherwise.' },
    RELEVANCE: { description: 'Closeness to the search; closest first. Needs a search.' },
  },
});

registerEnumType(DIRECTIONS, {
  name: 'OrderDirection',
  description: 'Up or down.',
  valuesConfig: {
    ASC: { description: 'Smallest, oldest, A first.' },
    DESC: { description: 'Largest, newest, Z first.' },
  },
});

@InputType('IntRange', { description: 'A range of integers; both ends belong to it.' })
export class IntRangeInput {
  @Field(() => GraphQLSafeInt, { nullable: true, description: 'Smallest; left out: no lower end.' })
  readonly min?: number | null;

  @Field(() => GraphQLSafeInt, { nullable: true, description: 'Largest; left out: no upper end.' })
  readonly max?: number | null;
}

@InputType('ModelFilter', {
  description: 'Which models to list. Conditions add up; what is left out does not matter.',
})
export class ModelFilterInput {
  @Field(() => String, {
    nullable: true,
    description:
      'Words that each occur in name, slug or summary, give or take a typo. 100 characters at most.',
  })
  readonly search?: string | null;

  @Field(() => [MODEL_TASKS], { nullable: true, description: 'Any of these tasks.' })
  readonly tasks?: ModelTask[] | null;

  @Field(() => [MODEL_STATUSES], {
    nullable: true,
    description: 'Any of these statuses; left out: all but PROPOSED and RETIRED.',
  })
  readonly statuses?: ModelStatus[] | null;

  @Field(() => [String], { nullable: true, description: 'Any of these licences, as "apache-2.0".' })
  readonly licenses?: string[] | null;

  @Field(() => [String], { nullable: true, description: 'Any of these owners, as "timm".' })
  readonly owners?: string[] | null;

  @Field(() => IntRangeInput, {
    nullable: true,
    description: 'Number of parameters. Models whose number is not known drop out.',
  })
  readonly parameters?: IntRangeInput | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether a price is in force now.' })
  readonly hasPrice?: boolean | null;
}

@InputType('ModelOrder', { description: 'How to order models.' })
export class ModelOrderInput {
  @Field(() => MODEL_ORDER_FIELDS, { description: 'What to order by.' })
  readonly field!: ModelOrderField;

  @Field(() => DIRECTIONS, {
    nullable: true,
    description: 'Left out: the direction that suits the field.',
  })
  readonly direction?: Direction | null;
}

/** What the caller left out or set to null is undefined; so is a search without a word in it. */
export function toFilter(input: ModelFilterInput | null | undefined): ModelFilter {
  const search = input?.search ?? '';
  return {
    search: searchWords(search).length === 0 ? undefined : search,
    tasks: input?.tasks ?? undefined,
    statuses: input?.statuses ?? undefined,
    licenses: input?.licenses ?? undefined,
    owners: input?.owners ?? undefined,
    parametersMin: input?.parameters?.min ?? undefined,
    parametersMax: input?.parameters?.max ?? undefined,
    hasPrice: input?.hasPrice ?? undefined,
  };
}

/** Left out: by closeness where there is a search, else by downloads. */
export function toOrder(
  input: ModelOrderInput | null | undefined,
  filter: ModelFilter,
): ModelOrder {
  const field = input?.field ?? (filter.search === undefined ? 'DOWNLOADS' : 'RELEVANCE');
  return { field, direction: input?.direction ?? NATURAL_DIRECTION[field] };
}
