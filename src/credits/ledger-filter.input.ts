import { Field, GraphQLISODateTime, InputType } from 'type-graphql';
import { JOURNAL_KINDS, type JournalKind, type LedgerFilter } from './movement.js';

@InputType('LedgerFilter', {
  description: 'Conditions that ledger entries must all meet. Omitted fields are ignored.',
})
export class LedgerFilterInput implements LedgerFilter {
  @Field(() => [JOURNAL_KINDS], { nullable: true, description: 'Causes of entries; any of these.' })
  readonly kinds?: JournalKind[];

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Earliest time of an entry, inclusive.',
  })
  readonly from?: Date;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Latest time of an entry, exclusive.',
  })
  readonly to?: Date;
}
