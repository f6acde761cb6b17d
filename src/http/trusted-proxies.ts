import { compile } from '@fastify/proxy-addr';

/** Whether an address is that of a proxy of the operator's. */
export type IsTrustedProxy = (address: string) => boolean;

/**
 * Reads TRUST_PROXY, as Fastify does for `X-Forwarded-*`.
 * @param list addresses and CIDR ranges, comma-separated; undefined: there is none
 * @throws TypeError for an address that is none
 */
export function trustedProxies(list: string | undefined): IsTrustedProxy {
  if (list === undefined) return () => false;
  const trusts = compile(list.split(',').map((entry) => entry.trim()));
  return (address) => trusts(address, 0);
}
