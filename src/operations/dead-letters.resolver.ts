import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { InputArg } from '../graphql/input.js';
import {
  ReplayDeadLetterInput,
  ReplayDeadLettersInput,
  DismissDeadLetterInput,
} from './dead-letters.input.js';
import {
  ReplayDeadLetterPayload,
  ReplayDeadLettersPayload,
  DismissDeadLetterPayload,
} from './dead-letters.payload.js';
import type { GraphQLContext } from '../graphql/context.js';
import { listCost, LOOKUP_COST } from '../graphql/cost.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import { encodeTimeCursor } from '../platform/time-cursor.js';
import { DEAD_LETTER_KINDS, type DeadLetterKind } from './dead-letter.js';
import { DeadLetterConnectionType } from './dead-letter.type.js';
import type { DeadLettersService } from './dead-letters.service.js';

/** What was given up, for operators. */
@Resolver()
export class DeadLettersResolver {
  constructor(private readonly letters: DeadLettersService) {}

  /** For `node(id)`: for operators alone. */
  readonly findNode: FindNode = async (id, { actor: { scopes } }) => {
    if (!scopes.has('operator')) return null;
    const letter = await this.letters.find(id);
    return letter ?? null;
  };

  @Query(() => DeadLetterConnectionType, {
    nullable: true,
    complexity: listCost(1),
    description: 'Dead letters awaiting review, newest first. For operators.',
  })
  @Access({ scope: 'operator' })
  async deadLetters(
    @Arg('kind', () => DEAD_LETTER_KINDS, {
      nullable: true,
      description: 'Kind to filter by; omit for all kinds.',
    })
    kind: DeadLetterKind | undefined,
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
  ): Promise<DeadLetterConnectionType> {
    const size = checkPageSize(first);
    const page = { first: size + 1, after: after ?? undefined };
    const letters = await this.letters.list(kind ?? undefined, page);
    const edges = letters.slice(0, size).map((letter) => ({
      cursor: encodeTimeCursor({ at: letter.deadAt, id: letter.id }),
      node: letter,
    }));
    return connectionOf(edges, { hasNextPage: letters.length > size, after });
  }

  @Mutation(() => ReplayDeadLetterPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Schedules a dead letter for another attempt. For operators.',
  })
  @Access({ scope: 'operator' })
  async replayDeadLetter(
    @InputArg(() => ReplayDeadLetterInput) { id }: ReplayDeadLetterInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<ReplayDeadLetterPayload> {
    await this.letters.replay(actor, id);
    return { count: 1 };
  }

  @Mutation(() => ReplayDeadLettersPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Schedules all dead letters of a kind for another attempt. Safe to repeat. For operators.',
  })
  @Access({ scope: 'operator' })
  async replayDeadLetters(
    @InputArg(() => ReplayDeadLettersInput) { kind }: ReplayDeadLettersInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<ReplayDeadLettersPayload> {
    return { count: await this.letters.replayAll(actor, kind) };
  }

  @Mutation(() => DismissDeadLetterPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Permanently removes a dead letter from the list. For operators.',
  })
  @Access({ scope: 'operator' })
  async dismissDeadLetter(
    @InputArg(() => DismissDeadLetterInput) { id, reason }: DismissDeadLetterInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<DismissDeadLetterPayload> {
    await this.letters.dismiss(actor, id, reason);
    return { count: 1 };
  }
}
