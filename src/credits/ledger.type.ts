import { Field, GraphQLISODateTime, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { AccountId } from '../platform/ids.js';
import { NodeType } from '../graphql/node.type.js';
import { PageInfoType } from '../graphql/pagination.js';
import { BigIntString, NanoUSD } from '../graphql/scalars.js';
import {
  type CreditLot,
  entryId,
  JOURNAL_KINDS,
  type JournalKind,
  type LedgerEntry,
  LOT_SOURCES,
  type LotSource,
} from './movement.js';

registerEnumType(JOURNAL_KINDS, {
  name: 'LedgerEntryKind',
  description: 'Cause of a ledger entry.',
  valuesConfig: {
    USAGE: { description: 'A call was charged.' },
    GRANT: { description: 'Credit was granted.' },
    PURCHASE: { description: 'Credit was purchased.' },
    REFUND: { description: 'A purchase was refunded.' },
    DISPUTE: { description: 'A payment was disputed, or the dispute was resolved.' },
    ADJUSTMENT: { description: 'An operator made a correction.' },
    EXPIRY: { description: 'Credit expired unused.' },
  },
});

registerEnumType(LOT_SOURCES, {
  name: 'CreditSource',
  description: 'Origin of credit.',
  valuesConfig: {
    SIGN_UP: { description: 'Free credit for verifying an email address.' },
    GRANT: { description: 'Granted by an operator or a promo code.' },
    PURCHASE: { description: 'Purchased by the account.' },
    ADJUSTMENT: { description: 'Added by an operator’s adjustment.' },
  },
});

@ObjectType('Balance', { description: 'Credit balance of an account.' })
export class BalanceType {
  @Field(() => NanoUSD, {
    description: 'Total credit, including held credit; negative means debt.',
  })
  readonly postedNanos!: bigint;

  @Field(() => NanoUSD, { description: 'Credit reserved for calls in progress.' })
  readonly heldNanos!: bigint;

  @Field(() => NanoUSD, { description: 'Credit available for new calls.' })
  readonly availableNanos!: bigint;

  @Field(() => NanoUSD, { description: 'Credit revoked after it was spent.' })
  readonly debtNanos!: bigint;
}

@ObjectType('CreditLot', {
  implements: NodeType,
  description: 'Credit of one origin. Lots are spent in list order.',
})
export class CreditLotType extends NodeType {
  @Field(() => ID, { description: 'ID of the credit lot, prefixed with `lot_`.' })
  readonly id!: string;

  @Field(() => LOT_SOURCES, { description: 'Origin of the credit.' })
  readonly source!: LotSource;

  @Field(() => NanoUSD, { description: 'Credit in the lot when it was created.' })
  readonly originalNanos!: bigint;

  @Field(() => NanoUSD, { description: 'Credit left in the lot.' })
  readonly remainingNanos!: bigint;

  @Field(() => Int, { description: 'Spending order, 0 to 100; lower first.' })
  readonly priority!: number;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Time at which the remaining credit expires; null if it does not.',
  })
  readonly expiresAt!: Date | null;

  @Field(() => GraphQLISODateTime, { description: 'Time at which the lot was created.' })
  readonly createdAt!: Date;
}

@ObjectType('CreditLotEdge', { description: 'An edge in a list of credit lots.' })
export class CreditLotEdgeType {
  @Field(() => String, { description: 'Opaque cursor; pass as `after` for the next page.' })
  readonly cursor!: string;

  @Field(() => CreditLotType, { description: 'The credit lot at the end of the edge.' })
  readonly node!: CreditLotType;
}

@ObjectType('CreditLotConnection', { description: 'A page of an account’s credit lots.' })
export class CreditLotConnectionType {
  @Field(() => [CreditLotEdgeType], { description: 'Lots on this page, in spending order.' })
  readonly edges!: readonly CreditLotEdgeType[];

  @Field(() => [CreditLotType], { description: 'Nodes of the edges, in order.' })
  readonly nodes!: readonly CreditLotType[];

  @Field(() => PageInfoType, { description: 'Pagination information for this page.' })
  readonly pageInfo!: PageInfoType;
}

@ObjectType('LedgerEntry', {
  implements: NodeType,
  description: 'An entry in an account’s ledger. Immutable.',
})
export class LedgerEntryType extends NodeType {
  readonly id!: string;

  readonly accountId!: AccountId;

  @Field(() => ID, {
    description:
      'ID of the ledger transaction, such as that of a grant; a reference for support and audits, not a node.',
  })
  readonly transactionId!: string;

  @Field(() => BigIntString, {
    description: 'Position in the ledger of the account: 1, 2, 3 and so on, without gaps.',
  })
  readonly sequence!: bigint;

  @Field(() => JOURNAL_KINDS, { description: 'Cause of the entry.' })
  readonly kind!: JournalKind;

  @Field(() => NanoUSD, { description: 'Amount credited (positive) or debited (negative).' })
  readonly nanos!: bigint;

  @Field(() => NanoUSD, { description: 'Account balance after the entry.' })
  readonly balanceAfterNanos!: bigint;

  readonly lotId!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Reason given by the operator; null if there is none.',
  })
  readonly reason!: string | null;

  @Field(() => GraphQLISODateTime, { description: 'Time of the entry, by the database clock.' })
  readonly createdAt!: Date;
}

/** Ids of lots are those of the transactions that made them, under a prefix of their own. */
const LOT = 'lot_';

export function toCreditLot(lot: CreditLot): CreditLotType {
  return { ...lot, id: `${LOT}${lot.id}` };
}

/** The id that the ledger knows; undefined for a text that is no lot's. */
export function ledgerIdOfLot(id: string): string | undefined {
  return id.startsWith(LOT) ? id.slice(LOT.length) : undefined;
}

export function toLedgerEntry(accountId: AccountId, entry: LedgerEntry): LedgerEntryType {
  return { ...entry, accountId, id: entryId(accountId, entry.version), sequence: entry.version };
}

@ObjectType('LedgerEntryEdge', { description: 'An edge in a list of ledger entries.' })
export class LedgerEntryEdgeType {
  @Field(() => String, { description: 'Opaque cursor; pass as `after` for the next page.' })
  readonly cursor!: string;

  @Field(() => LedgerEntryType, { description: 'The ledger entry at the end of the edge.' })
  readonly node!: LedgerEntryType;
}

@ObjectType('LedgerEntryConnection', { description: 'A page of an account’s ledger.' })
export class LedgerEntryConnectionType {
  @Field(() => [LedgerEntryEdgeType], { description: 'Entries on this page, newest first.' })
  readonly edges!: readonly LedgerEntryEdgeType[];

  @Field(() => [LedgerEntryType], { description: 'Nodes of the edges, in order.' })
  readonly nodes!: readonly LedgerEntryType[];

  @Field(() => PageInfoType, { description: 'Pagination information for this page.' })
  readonly pageInfo!: PageInfoType;
}
