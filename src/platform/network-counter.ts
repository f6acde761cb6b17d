import { LRUCache } from 'lru-cache';
import { clientNetwork } from './client-network.js';

/** Networks that were seen last are remembered. */
const NETWORKS_MAX = 50_000;

/** Counts what comes from each network (IPv4 address, IPv6 /64) within a window that begins with the first. */
export class NetworkCounter {
  private readonly counts: LRUCache<string, number>;

  /** @param windowMs after it a network counts from the beginning */
  constructor(windowMs: number) {
    this.counts = new LRUCache({
      max: NETWORKS_MAX,
      ttl: windowMs,
      // The time is read each time, not kept for a timer's millisecond that a busy process makes longer.
      ttlResolution: 0,
    });
  }

  /** One more. @returns how many in the window, this one included, and whole seconds until the next window, 1 or more */
  add(ipAddress: string): { readonly count: number; readonly nextS: number } {
    const network = clientNetwork(ipAddress);
    const count = (this.counts.get(network) ?? 0) + 1;
    // The window begins with its first.
    this.counts.set(network, count, { noUpdateTTL: true });
    return { count, nextS: Math.max(1, Math.ceil(this.counts.getRemainingTTL(network) / 1_000)) };
  }
}
