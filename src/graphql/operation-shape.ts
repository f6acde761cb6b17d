import {
  type DocumentNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { AppError } from '../errors.js';
import { fragmentsOf, isMetaField } from './introspection.js';

/** Counted after fragments are expanded, so that a fragment used twice counts twice. */
interface Limits {
  readonly levels: number;
  readonly aliases: number;
  readonly fields: number;
  readonly directives: number;
}

const LIMITS: Limits = { levels: 12, aliases: 30, fields: 200, directives: 20 };

/**
 * Separate limits for selections below `__schema` and `__type`: twice the longest query of graphql-js, whose type
 * references have 100 levels and 1,870 fields. introspection.ts limits the size of the answer.
 */
const INTROSPECTION_LIMITS: Limits = {
  levels: 250,
  aliases: 500,
  fields: 5_000,
  directives: 500,
};

/** Fields, inline fragments and fragment spreads of an operation after expansion. */
export const SELECTIONS_MAX = 10_000;

/** Running counts for one kind of field; `prefix` names the kind in errors. */
class Budget {
  private readonly counts = { aliases: 0, fields: 0, directives: 0 };

  constructor(
    private readonly limits: Limits,
    private readonly prefix: '' | 'introspection ',
  ) {}

  /** @throws AppError QUERY_TOO_COMPLEX */
  count(what: 'aliases' | 'fields' | 'directives', by: number): void {
    this.counts[what] += by;
    if (this.counts[what] > this.limits[what]) this.refuse(what);
  }

  /** @throws AppError QUERY_TOO_COMPLEX */
  enter(level: number): void {
    if (level > this.limits.levels) this.refuse('levels');
  }

  private refuse(what: keyof Limits): never {
    const name = `${this.prefix}${what}`;
    const maximum = this.limits[what];
    throw new AppError(
      'QUERY_TOO_COMPLEX',
      `The operation has more than ${String(maximum)} ${name}. Split it.`,
      { details: { limit: name, maximum } },
    );
  }
}

/**
 * Measures one operation and stops at the first limit that it passes; fragment cycles were refused
 * before, by validation.
 * @throws AppError QUERY_TOO_COMPLEX naming the limit and its value.
 */
export function checkShape(document: DocumentNode, operation: OperationDefinitionNode): void {
  const fragments = fragmentsOf(document);
  const others = new Budget(LIMITS, '');
  const introspection = new Budget(INTROSPECTION_LIMITS, 'introspection ');

  const visit = (set: SelectionSetNode, level: number, current: Budget) => {
    current.enter(level);
    for (const selection of set.selections) {
      // Only the query root has meta fields, so a budget never changes back further down.
      const budget =
        selection.kind === Kind.FIELD && isMetaField(selection) ? introspection : current;
      budget.count('directives', selection.directives?.length ?? 0);
      if (selection.kind === Kind.FIELD) {
        budget.count('fields', 1);
        if (selection.alias !== undefined) budget.count('aliases', 1);
        if (selection.selectionSet !== undefined) visit(selection.selectionSet, level + 1, budget);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        visit(selection.selectionSet, level, budget);
      } else {
        const fragment = fragments.get(selection.name.value);
        if (fragment !== undefined) visit(fragment.selectionSet, level, budget);
      }
    }
  };
  others.count('directives', operation.directives?.length ?? 0);
  visit(operation.selectionSet, 1, others);
}
