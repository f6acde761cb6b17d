import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Stripe } from 'stripe';
import ts from 'typescript';

/** What the SDK calls each object: read from this file, as `shapes` says. */
interface SdkTypes {
  customer: Stripe.Customer;
  payment_method: Stripe.PaymentMethod;
  'checkout.session': Stripe.Checkout.Session;
  payment_intent: Stripe.PaymentIntent;
  setup_intent: Stripe.SetupIntent;
  charge: Stripe.Charge;
  refund: Stripe.Refund;
  dispute: Stripe.Dispute;
  balance_transaction: Stripe.BalanceTransaction;
  'billing_portal.session': Stripe.BillingPortal.Session;
  'billing.meter': Stripe.Billing.Meter;
  'billing.meter_event': Stripe.Billing.MeterEvent;
  event: Stripe.Event;
  list: Stripe.ApiList<unknown>;
}
type Json = Readonly<Record<string, unknown>>;
type StripeObject = Json & { readonly object: keyof SdkTypes };

const FIXTURES = path.resolve(import.meta.dirname, '../fixtures/stripe/fixtures3.json');
const SHAPES = path.resolve(import.meta.dirname, 'stripe-shape.ts');
/** Keys of these are their owner’s own. */
const DICTIONARIES = ['metadata', 'payload'];
const TIMES = [
  'created',
  'updated',
  'timestamp',
  'expires_at',
  'available_on',
  'due_by',
  'canceled_at',
];
const SECONDS = { min: 1_600_000_000, max: 4_000_000_000 } as const;

/** Compares answers with Stripe’s example objects and with the types of the SDK. */
export interface Shapes {
  /**
   * @param allowed paths, as `charge.refunds`, where an answer may differ from the example
   * @returns where an answer, or an object in it, is not as documented; empty when all is well
   */
  problemsOf(answer: object, allowed: readonly string[]): string[];
}

/** Reads the SDK’s types: takes some seconds. */
export function readShapes(): Shapes {
  const program = ts.createProgram([SHAPES], {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    strict: true,
    skipLibCheck: true,
    types: ['node'],
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(SHAPES);
  const declared = source?.statements.find(
    (one) => ts.isInterfaceDeclaration(one) && one.name.text === 'SdkTypes',
  );
  if (declared === undefined) throw new Error('SdkTypes is not where it was.');
  const types = new Map(
    checker
      .getPropertiesOfType(checker.getTypeAtLocation(declared))
      .map((symbol) => [symbol.name, checker.getTypeOfSymbol(symbol)]),
  );
  const examples = (JSON.parse(readFileSync(FIXTURES, 'utf8')) as { resources: Json }).resources;

  return {
    problemsOf: (answer, allowed) =>
      objectsIn(answer).flatMap((object) => {
        const type = types.get(object.object);
        if (type === undefined) return [`${object.object}: unknown to this test`];
        const example = examples[object.object];
        return [
          ...typeProblems(checker, type, object, object.object),
          ...(example === undefined ? [] : exampleProblems(example, object, object.object)),
        ].filter((problem) => !allowed.includes(problem.split(':', 1)[0] ?? ''));
      }),
  };
}

/** The answer itself, and every object of Stripe’s in it. */
function objectsIn(value: unknown): StripeObject[] {
  if (typeof value !== 'object' || value === null) return [];
  const within = Object.values(value).flatMap(objectsIn);
  return isStripeObject(value) ? [value, ...within] : within;
}

function isStripeObject(value: unknown): value is StripeObject {
  return typeof (value as { object?: unknown } | null)?.object === 'string';
}

/** Every field of the example is there, with the same kind of value, or null. */
function exampleProblems(example: unknown, answer: unknown, at: string): string[] {
  if (example === null || answer === null) return [];
  // An id, in whose place the caller asked for the object.
  if (typeof example === 'string' && isStripeObject(answer)) return [];
  if (Array.isArray(example) !== Array.isArray(answer) || typeof example !== typeof answer) {
    return [`${at}: ${kindOf(answer)}, and ${kindOf(example)} in the example`];
  }
  if (Array.isArray(example) || typeof example !== 'object') return [];
  return Object.entries(example).flatMap(([name, value]: [string, unknown]) => {
    const place = `${at}.${name}`;
    const own = (answer as Json)[name];
    if (DICTIONARIES.includes(name) || place === 'event.data.object') return [];
    if (own === undefined) return [`${place}: missing, and in the example`];
    return [...idProblems(name, value, own, place), ...exampleProblems(value, own, place)];
  });
}

/** Ids begin as in the example. */
function idProblems(name: string, example: unknown, own: unknown, at: string): string[] {
  if (name !== 'id' || typeof example !== 'string' || typeof own !== 'string') return [];
  const [prefix = ''] = /^[a-z]+_/.exec(example) ?? [];
  return own.startsWith(prefix) ? [] : [`${at}: "${own}" does not begin with ${prefix}`];
}

/** Every field is known to the SDK, none that it promises is missing, each has a value that it knows. */
function typeProblems(
  checker: ts.TypeChecker,
  type: ts.Type,
  value: unknown,
  at: string,
): string[] {
  if (type.isUnion()) {
    const each = type.types.map((one) => typeProblems(checker, one, value, at));
    return each.reduce((best, next) => (next.length < best.length ? next : best));
  }
  const element = checker.isArrayType(type)
    ? checker.getTypeArguments(type as ts.TypeReference)[0]
    : undefined;
  if (element !== undefined) {
    if (!Array.isArray(value)) return [`${at}: ${kindOf(value)}, and an array in the SDK`];
    return value.flatMap((one) => typeProblems(checker, element, one, `${at}[]`));
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if ((type.flags & ts.TypeFlags.Object) === 0 || !isObject) {
    return isPlain(checker, type, value)
      ? []
      : [`${at}: ${JSON.stringify(value)} is no ${checker.typeToString(type)}`];
  }
  const known = new Map(checker.getPropertiesOfType(type).map((symbol) => [symbol.name, symbol]));
  const others = checker.getIndexInfoOfType(type, ts.IndexKind.String)?.type;
  const missing = [...known.values()]
    .filter(({ name, flags }) => (flags & ts.SymbolFlags.Optional) === 0 && !(name in value))
    .map(({ name }) => `${at}.${name}: missing, and promised by the SDK`);
  const wrong = Object.entries(value).flatMap(([name, own]: [string, unknown]) => {
    const symbol = known.get(name);
    const place = `${at}.${name}`;
    const of = symbol === undefined ? others : checker.getTypeOfSymbol(symbol);
    if (of === undefined) return [`${place}: unknown to the SDK`];
    return [...timeProblems(name, own, place), ...typeProblems(checker, of, own, place)];
  });
  return [...missing, ...wrong];
}

/** Times are in seconds. */
function timeProblems(name: string, value: unknown, at: string): string[] {
  if (!TIMES.includes(name) || typeof value !== 'number') return [];
  const isSeconds = Number.isInteger(value) && value > SECONDS.min && value < SECONDS.max;
  return isSeconds ? [] : [`${at}: ${String(value)} is no time in seconds`];
}

function isPlain(checker: ts.TypeChecker, type: ts.Type, value: unknown): boolean {
  const { flags } = type;
  if ((flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) !== 0) return true;
  if (type.isLiteral()) return type.value === value;
  // `string & Record<never, never>`: any other text, in the SDK’s lists of known ones.
  if (type.isIntersection()) return type.types.some((one) => isPlain(checker, one, value));
  if ((flags & ts.TypeFlags.BooleanLiteral) !== 0)
    return checker.typeToString(type) === String(value);
  if ((flags & ts.TypeFlags.Null) !== 0) return value === null;
  if ((flags & ts.TypeFlags.String) !== 0) return typeof value === 'string';
  if ((flags & ts.TypeFlags.Number) !== 0) return typeof value === 'number';
  return false;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
