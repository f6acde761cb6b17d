import { AppError } from '../errors.js';
import { NetworkCounter } from '../platform/network-counter.js';

/** Invalid credentials from one network in a minute, before more of them are limited. */
const FAILURES_MAX = 30;
const WINDOW_MS = 60_000;

/** Counts invalid credentials by the network that they come from (IPv4 address, IPv6 /64). Valid ones never count. */
export class FailedCredentials {
  private readonly failures = new NetworkCounter(WINDOW_MS);

  /** @returns what an invalid credential is answered with: `error`, or RATE_LIMITED once there were too many */
  add(ipAddress: string, error: AppError): AppError {
    const { count, nextS } = this.failures.add(ipAddress);
    if (count <= FAILURES_MAX) return error;
    return new AppError(
      'RATE_LIMITED',
      `Too many invalid credentials came from your network. Valid ones still work; try others in ${String(nextS)} s.`,
      { cause: error, details: { retryAfterS: nextS } },
    );
  }
}
