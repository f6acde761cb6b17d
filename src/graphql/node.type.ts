import { Field, ID, InterfaceType } from 'type-graphql';

@InterfaceType('Node', { description: 'An object with a globally unique ID.' })
export abstract class NodeType {
  @Field(() => ID, { description: 'Globally unique, stable ID. Its prefix identifies the type.' })
  abstract readonly id: string;
}
