import { GraphQLSafeInt } from 'graphql-scalars';
import { Field, InputType, registerEnumType } from 'type-graphql';
import {
  type Direction,
  MODEL_ORDER_FIELDS,
  type ModelFilter,
  type ModelOrder,
  type ModelOrderField,
  NATURAL_DIRECTION,
  searchWords,
} from './model-order.js';
import { DIRECTIONS } from '../graphql/order.js';
import { MODEL_STATUSES, MODEL_TASKS, type ModelStatus, type ModelTask } from './model.js';

registerEnumType(MODEL_ORDER_FIELDS, {
  name: 'ModelOrderField',
  description: 'Field by which models are sorted. Models without a value come last.',
  valuesConfig: {
    DOWNLOADS: { description: 'Monthly downloads; highest first by default.' },
    NEWEST: { description: 'Publication date; newest first by default.' },
    NAME: { description: 'Display name; A to Z by default.' },
    PARAMETERS: { description: 'Number of parameters; largest first by default.' },
    PRICE: { description: 'Current price per image; cheapest first by default.' },
    DEMAND: { description: 'Number of requests for the model; highest first by default.' },
    RELEVANCE: { description: 'Relevance to the search; best match first. Requires `search`.' },
  },
});

@InputType('IntRange', { description: 'An inclusive range of integers.' })
export class IntRangeInput {
  @Field(() => GraphQLSafeInt, {
    nullable: true,
    description: 'Lower bound, inclusive; omit for none.',
  })
  readonly min?: number | null;

  @Field(() => GraphQLSafeInt, {
    nullable: true,
    description: 'Upper bound, inclusive; omit for none.',
  })
  readonly max?: number | null;
}

@InputType('ModelFilter', {
  description: 'Conditions that models must all meet. Omitted fields are ignored.',
})
export class ModelFilterInput {
  @Field(() => String, {
    nullable: true,
    description:
      'Search terms, at most 100 characters. Each must occur in the name, slug or summary; typos are tolerated.',
  })
  readonly search?: string | null;

  @Field(() => [MODEL_TASKS], {
    nullable: true,
    description: 'Tasks of which a model must have one.',
  })
  readonly tasks?: ModelTask[] | null;

  @Field(() => [MODEL_STATUSES], {
    nullable: true,
    description:
      'Statuses of which a model must have one; by default all except PROPOSED and RETIRED.',
  })
  readonly statuses?: ModelStatus[] | null;

  @Field(() => [String], {
    nullable: true,
    description: 'License identifiers of which a model must have one, such as "apache-2.0".',
  })
  readonly licenses?: string[] | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Owners of which a model must have one, such as "timm".',
  })
  readonly owners?: string[] | null;

  @Field(() => IntRangeInput, {
    nullable: true,
    description: 'Range of the number of parameters. Models with an unknown number are excluded.',
  })
  readonly parameters?: IntRangeInput | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether the model must have a price in effect.',
  })
  readonly hasPrice?: boolean | null;
}

@InputType('ModelOrder', { description: 'Sort order of a list of models.' })
export class ModelOrderInput {
  @Field(() => MODEL_ORDER_FIELDS, { description: 'Field to sort by.' })
  readonly field!: ModelOrderField;

  @Field(() => DIRECTIONS, {
    nullable: true,
    description: 'Sort direction; by default the one that suits the field.',
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
