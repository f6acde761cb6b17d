import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import type { GraphQLContext } from '../graphql/context.js';
import { listCost, LOOKUP_COST } from '../graphql/cost.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import { encodeTimeCursor } from '../platform/time-cursor.js';
import { DEAD_LETTER_KINDS, type DeadLetterKind } from './dead-letter.js';
import { DeadLetterConnectionType, DeadLettersChangedType } from './dead-letter.type.js';
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
    complexity: listCost(1),
    description:
      'What was given up and waits for somebody to look, the latest first. For operators.',
  })
  @Access({ scope: 'operator' })
  async deadLetters(
    @Arg('kind', () => DEAD_LETTER_KINDS, { nullable: true, description: 'Left out: all kinds.' })
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

  @Mutation(() => DeadLettersChangedType, {
    complexity: LOOKUP_COST,
    description: 'Tries something that was given up again, soon, on some server. For operators.',
  })
  @Access({ scope: 'operator' })
  async replayDeadLetter(
    @Arg('id', () => ID, { description: '"dead_…".' }) id: string,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<DeadLettersChangedType> {
    await this.letters.replay(actor, id);
    return { count: 1 };
  }

  @Mutation(() => DeadLettersChangedType, {
    complexity: LOOKUP_COST,
    description: 'Tries all of a kind again. May be repeated. For operators.',
  })
  @Access({ scope: 'operator' })
  async replayDeadLetters(
    @Arg('kind', () => DEAD_LETTER_KINDS, { description: 'Which.' }) kind: DeadLetterKind,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<DeadLettersChangedType> {
    return { count: await this.letters.replayAll(actor, kind) };
  }

  @Mutation(() => DeadLettersChangedType, {
    complexity: LOOKUP_COST,
    description: 'Takes something that was given up off the list, for good. For operators.',
  })
  @Access({ scope: 'operator' })
  async dismissDeadLetter(
    @Arg('id', () => ID, { description: '"dead_…".' }) id: string,
    @Arg('reason', () => String, { description: 'Why, in 1 to 500 characters.' }) reason: string,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<DeadLettersChangedType> {
    await this.letters.dismiss(actor, id, reason);
    return { count: 1 };
  }
}
