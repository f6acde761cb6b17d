import ipaddr from 'ipaddr.js';

/** Addresses that begin with the same bits. */
type Range = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/**
 * An address or a CIDR range of IPv4 or IPv6 as it is kept: "203.0.113.7" becomes "203.0.113.7/32".
 * @returns undefined for a text that is none, and for a range that does not begin at its first address ("10.0.0.5/8"):
 *   whether one address or all is meant cannot be known
 */
export function normalizeIpRange(text: string): string | undefined {
  const range = parse(text);
  if (range === undefined) return undefined;
  const [address, bits] = range;
  const first = address.kind() === 'ipv4' ? ipaddr.IPv4 : ipaddr.IPv6;
  const cidr = `${address.toString()}/${String(bits)}`;
  return first.networkAddressFromCIDR(cidr).toString() === address.toString() ? cidr : undefined;
}

/**
 * Tells whether addresses lie in one of the ranges. An IPv4 address that is mapped into IPv6 counts as what it is; a text
 * that is no address lies nowhere.
 * @param ranges normalized; none: any address may
 */
export function ipRangeTest(ranges: readonly string[]): (address: string) => boolean {
  if (ranges.length === 0) return () => true;
  const parsed = parseAll(ranges);
  return (address) => {
    if (!ipaddr.isValid(address)) return false;
    const ip = ipaddr.process(address);
    return parsed.some((range) => holds(range, ip));
  };
}

/** Short forms, such as "10.1", and octal numbers ("010.0.0.1" is 8.0.0.1) are addresses to ipaddr.js; nobody means them. */
const WHOLE_IPV4 = /^(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){3}(?:\/\d+)?$/;

/** Whether each inner range lies in one of the outer ones. No outer range: in any; no inner range: everywhere. */
export function areWithin(inner: readonly string[], outer: readonly string[]): boolean {
  if (outer.length === 0) return true;
  const outers = parseAll(outer);
  return (
    inner.length > 0 &&
    inner.every((text) => {
      const range = parse(text);
      return (
        range !== undefined && outers.some((one) => one[1] <= range[1] && holds(one, range[0]))
      );
    })
  );
}

function holds([network, bits]: Range, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}

function parseAll(texts: readonly string[]): readonly Range[] {
  return texts.map(parse).filter((range) => range !== undefined);
}

function parse(text: string): Range | undefined {
  if (text.includes('%')) return undefined;
  const full = text.includes('/');
  // IPv6 may end in IPv4.
  const tail = text.slice(text.lastIndexOf(':') + 1);
  const isWhole = (tail !== text && !tail.includes('.')) || WHOLE_IPV4.test(tail);
  if (!isWhole || !(full ? ipaddr.isValidCIDR(text) : ipaddr.isValid(text))) return undefined;
  if (full) {
    const [address, bits] = ipaddr.parseCIDR(text);
    // It would never match: such an address counts as the IPv4 address that it is.
    return isMapped(address) ? undefined : [address, bits];
  }
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

function isMapped(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress();
}
