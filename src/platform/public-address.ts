import ipaddr from 'ipaddr.js';

/** What the internet is of IPv6 (IANA, global unicast); all else that looks like it leads elsewhere. */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3');

/**
 * Whether an IP address is one that anybody on the internet reaches. Forms that stand for an IPv4 address
 * (compatible, mapped, 6to4, Teredo, NAT64) are not: nobody serves pictures there, and they lead elsewhere.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  const [network, bits] = GLOBAL_IPV6;
  return parsed.kind() === 'ipv4' || parsed.match(network, bits);
}

/** @param host an address, or a name: of names only `localhost` is */
export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' || (ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback')
  );
}

/** @param allowed addresses or CIDR ranges */
export function isAllowed(address: string, allowed: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return allowed.some((entry) => {
    const range = entry.includes('/') ? entry : `${entry}/${entry.includes(':') ? '128' : '32'}`;
    if (!ipaddr.isValidCIDR(range)) return false;
    const [network, bits] = ipaddr.parseCIDR(range);
    return network.kind() === parsed.kind() && parsed.match(network, bits);
  });
}
