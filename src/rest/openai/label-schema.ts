import { AppError } from '../../errors.js';
import {
  alternativesOf,
  enumOf,
  isDeeperThan,
  isObject,
  type Json,
  listOf,
  mayBeNull,
  numberOf,
  takesShare,
} from './json-schema.js';
import { bestOf, rankScores, type Scores } from './label-score.js';

/** What a JSON schema asks for, and how an answer to it is written. */
export interface LabelForm {
  /** What to choose from, each once. */
  readonly labels: readonly string[];
  readonly write: (scores: Scores) => unknown;
  /** It needs each label's own probability. */
  readonly readsProbability?: boolean;
}

interface Part extends LabelForm {
  /** It is one label out of these: a score beside it is that of the label. */
  readonly choice?: readonly string[];
  /** It is the same whatever the image shows. */
  readonly isFixed?: boolean;
}

const SCORE_NAME = /^(?:score|confidence|probability)$/i;
/** Of an array: labels that an image has or has not, each by itself. */
const PRESENT = 0.5;
/** A schema may refer to itself, and so have no end, or millions of parts. */
const DEPTH_MAX = 8;
const PARTS_MAX = 1_000;
/** Of the schema as it was sent, whatever it holds. */
const LEVELS_MAX = 64;

/**
 * Reads a JSON schema as a question about an image. Understood are
 *
 * - an `enum` of strings, or `anyOf`/`oneOf` of strings by `const`: the label that fits best;
 * - an array of those: the labels whose own probability is 0.5 or more, best first, as many as the array takes;
 * - a number called score, confidence or probability beside a label: the label's share of its enum, 0 to 1;
 * - a `const` as it is, and null for what may be null and is none of these;
 * - objects of these, `$ref` within the schema, and the first of several schemas that says something of the image.
 *
 * Optional properties that are none of these are left out.
 *
 * @param argument in which it was sent, for errors
 * @throws AppError BAD_USER_INPUT for a schema without labels, or with a required property that is none of these
 */
export function readLabelSchema(schema: unknown, argument: string): LabelForm {
  // Parts of it become parts of the answer, and that is written when it has been paid: so it has to succeed.
  if (isDeeperThan(LEVELS_MAX, schema)) {
    throw bad(argument, `The schema has more than ${String(LEVELS_MAX)} levels.`);
  }
  const reader = new SchemaReader(schema);
  const part = reader.read(schema, [], undefined);
  if (part === undefined || part.labels.length === 0) {
    const { unanswerable } = reader;
    throw bad(
      argument,
      unanswerable === undefined
        ? 'The schema has no labels: it needs an enum of strings.'
        : `The schema requires "${unanswerable}". A classifier can say an enum of strings, an array of it, a const, and a number "score" beside an enum.`,
    );
  }
  const { labels, write, readsProbability = false } = part;
  return { labels: [...new Set(labels)], write, readsProbability };
}

class SchemaReader {
  /** The first required property that nothing can be said about. */
  unanswerable: string | undefined;
  private left = PARTS_MAX;

  constructor(private readonly root: unknown) {}

  /**
   * @param path to the schema, through the properties
   * @param choice whose score a number is
   * @returns undefined when a classification cannot fill it
   */
  read(
    schema: unknown,
    path: readonly string[],
    choice: readonly string[] | undefined,
    depth = 0,
  ): Part | undefined {
    this.left -= 1;
    if (this.left < 0 || depth > DEPTH_MAX || !isObject(schema)) return undefined;
    const inner = (one: unknown) => this.read(one, path, choice, depth + 1);
    if (typeof schema.$ref === 'string') return inner(this.find(schema.$ref));
    if ('const' in schema) return constant(schema.const);
    const labels = enumOf(schema);
    if (labels.length > 0) return oneOf(labels);
    if (isObject(schema.properties)) return this.readObject(schema, path, depth);
    if (schema.type === 'array') return severalOf(schema, inner(schema.items)?.choice);
    if (choice !== undefined && choice.length > 0 && takesShare(schema)) {
      return { labels: [], write: (scores) => Math.exp(bestOf(choice, scores).logShare) };
    }
    const all = listOf(schema, 'allOf');
    if (all.length === 1) return inner(all[0]);
    for (const option of alternativesOf(schema)) {
      const part = inner(option);
      // To choose between two constants would be to know something that no label says.
      if (part !== undefined && part.isFixed !== true) return part;
    }
    return mayBeNull(schema) ? constant(null) : undefined;
  }

  private readObject(schema: Json, path: readonly string[], depth: number): Part | undefined {
    const properties = Object.entries(isObject(schema.properties) ? schema.properties : {});
    const parts = new Map<string, Part>();
    const readAll = (choice?: readonly string[]) => {
      for (const [name, inner] of properties) {
        // Scores wait until it is known whose they are.
        if (SCORE_NAME.test(name) !== (choice !== undefined)) continue;
        const part = this.read(inner, [...path, name], choice, depth + 1);
        if (part !== undefined) parts.set(name, part);
      }
    };
    readAll();
    readAll([...parts.values()].find((part) => part.choice !== undefined)?.choice ?? []);
    const required = listOf(schema, 'required').filter((name) => typeof name === 'string');
    const missing = required.find((name) => !parts.has(name));
    if (missing !== undefined) {
      this.unanswerable ??= [...path, missing].join('.');
      return undefined;
    }
    const inOrder = properties.flatMap(([name]) => {
      const part = parts.get(name);
      return part === undefined ? [] : [[name, part] as const];
    });
    return {
      labels: inOrder.flatMap(([, { labels }]) => labels),
      isFixed: inOrder.every(([, { isFixed }]) => isFixed),
      readsProbability: inOrder.some(([, part]) => part.readsProbability === true),
      write: (scores) =>
        Object.fromEntries(inOrder.map(([name, { write }]) => [name, write(scores)])),
    };
  }

  /** @param pointer as "#/$defs/color" */
  private find(pointer: string): unknown {
    const names = pointer
      .split('/')
      .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
    if (names[0] !== '#') return undefined;
    return names
      .slice(1)
      .reduce<unknown>(
        (at, name) => (isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined),
        this.root,
      );
  }
}

function constant(value: unknown): Part {
  return { labels: [], isFixed: true, write: () => value };
}

function oneOf(labels: readonly string[]): Part {
  return { labels, choice: labels, write: (scores) => bestOf(labels, scores).label };
}

function severalOf(schema: Json, labels: readonly string[] | undefined): Part | undefined {
  const least = numberOf(schema, 'minItems', 0);
  const most = numberOf(schema, 'maxItems', Infinity);
  if (labels === undefined || least > labels.length) return undefined;
  return {
    labels,
    readsProbability: true,
    write: (scores) => {
      const ranked = rankScores(labels, scores);
      const present = ranked.filter(({ probability }) => (probability ?? 0) >= PRESENT).length;
      return ranked.slice(0, Math.min(Math.max(present, least), most)).map(({ label }) => label);
    },
  };
}

function bad(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument } });
}
