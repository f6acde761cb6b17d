import { LRUCache } from 'lru-cache';
import { AppError } from '../errors.js';
import { clientNetwork } from '../platform/client-network.js';

/** Invalid credentials from one network in a minute, before more of them are limited. */
const FAILURES_MAX = 30;
const WINDOW_MS = 60_000;
/** Those that were seen last are remembered. */
const NETWORKS_MAX = 50_000;

/** Counts invalid credentials by the network that they come from (IPv4 address, IPv6 /64). Valid ones never count. */
export class FailedCredentials {
  private readonly failures = new LRUCache<string, number>({
    max: NETWORKS_MAX,
    ttl: WINDOW_MS,
    // The time is read each time, not kept for a timer's millisecond that a busy process makes longer.
    ttlResolution: 0,
  });

  /** @returns what an invalid credential is answered with: `error`, or RATE_LIMITED once there were too many */
  add(ipAddress: string, error: AppError): AppError {
    const network = clientNetwork(ipAddress);
    const before = this.failures.get(network) ?? 0;
    // The window begins with its first failure.
    this.failures.set(network, before + 1, { noUpdateTTL: true });
    if (before < FAILURES_MAX) return error;
    const retryAfterS = Math.ceil(this.failures.getRemainingTTL(network) / 1_000);
    return new AppError(
      'RATE_LIMITED',
      `Too many invalid credentials came from your network. Valid ones still work; try others in ${String(retryAfterS)} s.`,
      { cause: error, details: { retryAfterS } },
    );
  }
}
