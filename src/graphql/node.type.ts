import { Field, ID, InterfaceType } from 'type-graphql';

@InterfaceType('Node', { description: 'Anything that can be fetched again by its id (Relay).' })
export abstract class NodeType {
  @Field(() => ID, { description: 'Stable, unique over all types; its prefix names the type.' })
  abstract readonly id: string;
}
