import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';

/**
 * Money: integer nano-USD (10⁻⁹ US dollar) as a decimal string, so that no digit is lost in JSON.
 * A JSON number is refused: whoever sends one has lost precision already. Signed 64-bit range.
 */
export const NanoUSD = new GraphQLScalarType<bigint, string>({
  name: 'NanoUSD',
  description:
    'Amount in nano-US-dollars (10⁻⁹ USD) as a decimal integer string: "200000" is 0.0002 USD. JSON numbers are rejected.',
  serialize: (value) => {
    if (typeof value === 'bigint') return value.toString();
    throw new GraphQLError('NanoUSD values must be bigints.');
  },
  parseValue: parseNanoUSD,
  parseLiteral: (node: ValueNode) =>
    parseNanoUSD(node.kind === Kind.STRING ? node.value : undefined),
});

/** A 64-bit integer, which a JSON number could not carry. Output only. */
export const BigIntString = new GraphQLScalarType<bigint, string>({
  name: 'BigInt',
  description: 'A signed 64-bit integer as a decimal string, such as "42".',
  serialize: String,
});

const INT64_MAX = 2n ** 63n - 1n;

function parseNanoUSD(value: unknown): bigint {
  // 19 digits at most: the check comes before BigInt, whose time grows with the length.
  if (typeof value === 'string' && /^(0|-?[1-9]\d{0,18})$/.test(value)) {
    const nanos = BigInt(value);
    if (nanos <= INT64_MAX && nanos >= -INT64_MAX - 1n) return nanos;
  }
  throw new GraphQLError('NanoUSD must be an integer as a decimal string, such as "200000".', {
    extensions: { code: 'BAD_USER_INPUT' },
  });
}

/** ISO 8601 to the precision that is known: 2023, 2023-10 or 2023-10-17. Output only. */
export const PartialDate = new GraphQLScalarType<string, string>({
  name: 'PartialDate',
  description: 'ISO 8601 date of reduced precision: "2023", "2023-10" or "2023-10-17".',
  serialize: String,
});
