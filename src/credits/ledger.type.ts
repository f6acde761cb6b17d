import { Field, GraphQLISODateTime, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { NodeType } from '../graphql/node.type.js';
import { PageInfoType } from '../graphql/pagination.js';
import { NanoUSD } from '../graphql/scalars.js';
import {
  entryId,
  JOURNAL_KINDS,
  type JournalKind,
  type LedgerEntry,
  LOT_SOURCES,
  type LotSource,
} from './movement.js';

registerEnumType(JOURNAL_KINDS, {
  name: 'LedgerEntryKind',
  description: 'What moved credit.',
  valuesConfig: {
    USAGE: { description: 'A call was charged.' },
    GRANT: { description: 'Credit was given.' },
    PURCHASE: { description: 'Credit was bought.' },
    REFUND: { description: 'A purchase was paid back.' },
    DISPUTE: { description: 'A payment was disputed, or the dispute decided.' },
    ADJUSTMENT: { description: 'An operator corrected something, and said why.' },
    EXPIRY: { description: 'Credit ran out of time.' },
  },
});

registerEnumType(LOT_SOURCES, {
  name: 'CreditSource',
  description: 'Where credit came from.',
  valuesConfig: {
    SIGN_UP: { description: 'Free, for a verified address.' },
    GRANT: { description: 'Given by an operator.' },
    PURCHASE: { description: 'Bought.' },
    ADJUSTMENT: { description: 'A correction.' },
  },
});

@ObjectType('Balance', { description: 'An account’s credit at one moment.' })
export class BalanceType {
  @Field(() => NanoUSD, { description: 'All credit that is there; below zero: owed.' })
  readonly postedNanos!: bigint;

  @Field(() => NanoUSD, { description: 'Of it, set aside for calls in flight.' })
  readonly heldNanos!: bigint;

  @Field(() => NanoUSD, { description: 'What a new call may use.' })
  readonly availableNanos!: bigint;
}

@ObjectType('CreditLot', { description: 'Credit of one origin, spent in the order of the list.' })
export class CreditLotType {
  @Field(() => ID, { description: 'Of the transaction that made it.' })
  readonly id!: string;

  @Field(() => LOT_SOURCES, { description: 'Where it came from.' })
  readonly source!: LotSource;

  @Field(() => NanoUSD, { description: 'What it began with.' })
  readonly originalNanos!: bigint;

  @Field(() => NanoUSD, { description: 'What is left.' })
  readonly remainingNanos!: bigint;

  @Field(() => Int, { description: '0 to 100; the lowest is spent first.' })
  readonly priority!: number;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'When what is left is lost; null: never.',
  })
  readonly expiresAt!: Date | null;

  @Field(() => GraphQLISODateTime, { description: 'When it came.' })
  readonly createdAt!: Date;
}

@ObjectType('LedgerEntry', {
  implements: NodeType,
  description: 'One line of an account’s ledger. Never changed.',
})
export class LedgerEntryType extends NodeType {
  readonly id!: string;

  @Field(() => ID, { description: 'Of what caused it: a run, a grant, a purchase.' })
  readonly transactionId!: string;

  @Field(() => NanoUSD, { description: '1, 2, 3 … for each account, without gaps.' })
  readonly version!: bigint;

  @Field(() => JOURNAL_KINDS, { description: 'What moved the credit.' })
  readonly kind!: JournalKind;

  @Field(() => NanoUSD, { description: 'What came (above zero) or went (below).' })
  readonly nanos!: bigint;

  @Field(() => NanoUSD, { description: 'The account’s credit after it.' })
  readonly balanceAfterNanos!: bigint;

  @Field(() => ID, { nullable: true, description: 'The lot it filled or drew on; null for debt.' })
  readonly lotId!: string | null;

  @Field(() => String, { nullable: true, description: 'Why, where somebody said.' })
  readonly reason!: string | null;

  @Field(() => GraphQLISODateTime, { description: 'By the database’s clock.' })
  readonly createdAt!: Date;
}

export function toLedgerEntry(accountId: string, entry: LedgerEntry): LedgerEntryType {
  return { ...entry, id: entryId(accountId, entry.version) };
}

@ObjectType('LedgerEntryEdge', { description: 'An entry and its place in the list.' })
export class LedgerEntryEdgeType {
  @Field(() => String, { description: 'For `after`.' })
  readonly cursor!: string;

  @Field(() => LedgerEntryType, { description: 'The entry.' })
  readonly node!: LedgerEntryType;
}

@ObjectType('LedgerEntryConnection', { description: 'A page of an account’s ledger.' })
export class LedgerEntryConnectionType {
  @Field(() => [LedgerEntryEdgeType], { description: 'Newest first.' })
  readonly edges!: readonly LedgerEntryEdgeType[];

  @Field(() => PageInfoType, { description: 'Where the page lies.' })
  readonly pageInfo!: PageInfoType;
}

@ObjectType('CreditMovement', { description: 'What an operator moved.' })
export class CreditMovementType {
  @Field(() => ID, { description: 'Of the ledger’s transaction.' })
  readonly transactionId!: string;

  @Field(() => BalanceType, { description: 'The account’s credit after it.' })
  readonly balance!: BalanceType;
}
