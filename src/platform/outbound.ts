import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { isAllowed, isPublicAddress } from './public-address.js';

export type Resolve = (host: string) => Promise<readonly { address: string; family: number }[]>;

/** An address that may be connected to. */
export interface Pinned {
  readonly address: string;
  /** Not public: the operator has allowed every address that the name has. */
  readonly allowed: boolean;
}

/**
 * The way to addresses that others choose: the public internet, and what the operator allows. A name is resolved
 * once and the connection made to what came out of it, so that a second answer cannot lead elsewhere. Checked at
 * the connector, as a look-up hook is never called for an address that is written as numbers.
 */
export class Outbound {
  /** @param allow addresses or CIDR ranges that may be reached although they are not public */
  constructor(
    private readonly allow: readonly string[],
    private readonly resolve: Resolve = (host) => lookup(host, { all: true, order: 'verbatim' }),
  ) {}

  /**
   * The one address to connect to.
   * @param hostname of a URL, in brackets or not
   * @returns undefined unless every address of the name may be reached
   * @throws what the look-up throws, and the signal's reason
   */
  async pin(hostname: string, signal: AbortSignal): Promise<Pinned | undefined> {
    const host = hostname.replace(/^\[|\]$/g, '');
    const found =
      isIP(host) === 0 ? await abortable(this.resolve(host), signal) : [{ address: host }];
    const [first] = found;
    if (first === undefined || !found.every(({ address }) => this.mayReach(address))) {
      return undefined;
    }
    const allowed = found.every(({ address }) => isAllowed(address, this.allow));
    return { address: first.address, allowed };
  }

  /** For one request: connects to the pinned address under the name's own certificate, and looks where it came out. */
  agent({ address }: Pinned, timeoutMs: number): Agent {
    const connect = buildConnector({ timeout: timeoutMs });
    const connector: buildConnector.connector = (options, callback) => {
      const servername = isIP(options.hostname) === 0 ? options.hostname : undefined;
      const host = address.includes(':') ? `[${address}]` : address;
      const aimed = { ...options, hostname: address, host, ...(servername && { servername }) };
      connect(aimed, (...result) => {
        const [error, socket] = result;
        if (error === null && !this.mayReach(socket.remoteAddress ?? '')) {
          socket.destroy();
          callback(new Error('The connection came out elsewhere.'), null);
          return;
        }
        callback(...result);
      });
    };
    return new Agent({ connect: connector, connections: 1, pipelining: 0 });
  }

  private mayReach(address: string): boolean {
    return isPublicAddress(address) || isAllowed(address, this.allow);
  }
}

/** A look-up cannot be stopped, but nobody has to wait for it. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let leave: (() => void) | undefined;
  const left = new Promise<never>((_resolve, reject) => {
    leave = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([work, left]);
  } finally {
    if (leave !== undefined) signal.removeEventListener('abort', leave);
  }
}
