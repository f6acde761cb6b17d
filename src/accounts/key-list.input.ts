import { Field, ID, InputType, registerEnumType } from 'type-graphql';
import { DIRECTIONS } from '../graphql/order.js';
import type { Direction } from '../platform/order.js';
import { API_KEY_STATES, type ApiKeyState } from './api-key.js';
import {
  API_KEY_ORDER_FIELDS,
  type ApiKeyFilter,
  type ApiKeyOrder,
  type ApiKeyOrderField,
} from './key-list.js';

registerEnumType(API_KEY_ORDER_FIELDS, {
  name: 'ApiKeyOrderField',
  description: 'Field by which API keys are sorted.',
  valuesConfig: {
    CREATED_AT: { description: 'Time at which the key was created.' },
    NAME: { description: 'Name of the key.' },
  },
});

@InputType('ApiKeyFilter', {
  description: 'Conditions that API keys must all meet. Omitted fields are ignored.',
})
export class ApiKeyFilterInput implements ApiKeyFilter {
  @Field(() => [API_KEY_STATES], {
    nullable: true,
    description: 'Whether the key works; any of these.',
  })
  readonly states?: ApiKeyState[];

  @Field(() => [String], { nullable: true, description: 'Exact names of keys; any of these.' })
  readonly names?: string[];

  @Field(() => [ID], {
    nullable: true,
    description: 'IDs of the users and API keys that created the key; any of these.',
  })
  readonly creatorIds?: string[];
}

@InputType('ApiKeyOrder', { description: 'Sort order of API keys.' })
export class ApiKeyOrderInput implements ApiKeyOrder {
  @Field(() => API_KEY_ORDER_FIELDS, { description: 'Field to sort by.' })
  readonly field!: ApiKeyOrderField;

  @Field(() => DIRECTIONS, { description: 'Sort direction of the list.' })
  readonly direction!: Direction;
}
