import { Field, ID, ObjectType } from 'type-graphql';
import type { Actor } from '../platform/actor.js';
import type { AccountId } from '../platform/ids.js';
import { NodeType } from './node.type.js';

/** Its name in the schema. */
export const ACCOUNT = 'Account';

/**
 * An account as a place in the graph: its id, and what the caller may do there. Each domain adds its fields by field
 * resolvers, which read them when they are asked for; every one of them states its scope (@Access), and is refused to
 * an actor without it.
 */
@ObjectType(ACCOUNT, {
  implements: NodeType,
  description: 'A billing account. Owns credit, API keys and runs.',
})
export class AccountType extends NodeType {
  @Field(() => ID, { description: 'ID of the account, prefixed with `acct_`.' })
  readonly id!: AccountId;

  /** The caller on this account. May be a getter that throws FORBIDDEN, such as without a required second factor. */
  readonly actor!: Actor;
}
