import { registerEnumType } from 'type-graphql';
import { DIRECTIONS } from '../platform/order.js';

registerEnumType(DIRECTIONS, {
  name: 'OrderDirection',
  description: 'Sort direction of a list.',
  valuesConfig: {
    ASC: { description: 'Ascending: smallest, oldest or A first.' },
    DESC: { description: 'Descending: largest, newest or Z first.' },
  },
});

export { DIRECTIONS };
