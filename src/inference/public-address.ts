import ipaddr from 'ipaddr.js';

/** 64:ff9b::/96 and 64:ff9b:1::/48 carry an IPv4 address that a translator would reach. */
const NAT64 = [ipaddr.parseCIDR('64:ff9b::/96'), ipaddr.parseCIDR('64:ff9b:1::/48')];

/**
 * Whether an IP address is one that anybody on the internet reaches. Forms that stand for an IPv4 address
 * (mapped, 6to4, Teredo, NAT64) are not: nobody serves pictures there, and they lead elsewhere.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  if (parsed.kind() === 'ipv4') return true;
  return !NAT64.some(([network, bits]) => parsed.match(network, bits));
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
