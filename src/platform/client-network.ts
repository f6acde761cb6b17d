import ipaddr from 'ipaddr.js';

/** Hosts of one IPv6 network choose the other 64 bits of their address themselves. */
const IPV6_NETWORK_BITS = 64;

/**
 * The network that a client belongs to, as a key to count by: an IPv4 address as it is, also where it is mapped into
 * IPv6, and the /64 of an IPv6 address. A text that is no address stands for itself.
 */
export function clientNetwork(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const network = ipaddr.IPv6.networkAddressFromCIDR(
    `${parsed.toString()}/${String(IPV6_NETWORK_BITS)}`,
  );
  return `${network.toString()}/${String(IPV6_NETWORK_BITS)}`;
}
