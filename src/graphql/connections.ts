import type { IncomingHttpHeaders } from 'node:http';
import pLimit from 'p-limit';
import { AppError } from '../errors.js';
import type { Authenticate } from '../http/authentication.js';
import type { Actor } from '../platform/actor.js';
import { clientNetwork } from '../platform/client-network.js';
import type { Results } from './subscriptions.js';

/** Why the server ends a connection. */
export type Ending = 'revoked' | 'changed' | 'slow' | 'stopping';

export interface ConnectionLimits {
  /** On this server, all together. */
  readonly connectionsMax: number;
  readonly perAccount: number;
  /** Of callers that nobody knows, or not yet, in one network (IPv4 address, IPv6 /64). */
  readonly perAddress: number;
  /** Milliseconds, more than LOOK_MS: rights that are taken end within it, should the announcement be lost. */
  readonly recheckMs: number;
}

export type Transport = 'websocket' | 'sse';

/** One that stays open. */
export interface Connection {
  readonly transport: Transport;
  readonly actor: Actor;
  /** Its caller turned out to be somebody. @throws AppError OVERLOADED when the account has too many */
  identify(actor: Actor, headers: IncomingHttpHeaders): void;
  /** A subscription of it began. @returns to be called when it ends; safe to repeat */
  subscribed(field: string): () => void;
  /** An event went out. */
  sent(field: string): void;
  /** The connection is gone; safe to repeat. */
  left(): void;
}

interface Entry {
  transport: Transport;
  actor: Actor;
  /** What showed who calls; nothing else is kept of the request. */
  headers: IncomingHttpHeaders;
  countedAs: string;
  nextCheckMs: number;
  readonly end: (ending: Ending) => void;
}

/** Between two looks at who is due to be asked about again. */
const LOOK_MS = 1_000;
/** Callers that are asked for at the same time: a gap in the announcements asks for all. */
const CHECKS_AT_ONCE = 8;

/** All connections that stay open: counts them, and ends those whose caller has lost what they were opened with. */
export class Connections {
  private readonly entries = new Set<Entry>();
  private readonly counts = new Map<string, number>();
  private readonly subscriptions = new Map<string, number>();
  private readonly events = new Map<string, number>();
  private readonly endings = new Map<Ending, number>();
  private readonly checks = pLimit(CHECKS_AT_ONCE);
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly options: {
      readonly authenticate: Authenticate;
      readonly limits: ConnectionLimits;
    },
  ) {
    this.timer = setInterval(() => {
      const nowMs = Date.now();
      this.recheck((entry) => entry.nextCheckMs <= nowMs);
    }, LOOK_MS).unref();
  }

  /**
   * Counts a new connection.
   * @param end closes it; called once at most
   * @throws AppError OVERLOADED when there are too many
   */
  open(
    transport: Transport,
    actor: Actor,
    headers: IncomingHttpHeaders,
    end: (ending: Ending) => void,
  ): Connection {
    if (this.entries.size >= this.options.limits.connectionsMax) throw tooMany('This server has');
    const entry: Entry = {
      transport,
      actor,
      headers: credentialsOf(headers),
      countedAs: this.count(actor),
      nextCheckMs: this.nextCheckMs(actor),
      end,
    };
    this.entries.add(entry);
    return {
      transport,
      get actor() {
        return entry.actor;
      },
      identify: (known, shown) => {
        const before = entry.countedAs;
        entry.countedAs = this.count(known);
        this.uncount(before);
        entry.actor = known;
        entry.headers = credentialsOf(shown);
        entry.nextCheckMs = this.nextCheckMs(known);
      },
      subscribed: (field) => {
        add(this.subscriptions, field, 1);
        let over = false;
        return () => {
          if (!over) add(this.subscriptions, field, -1);
          over = true;
        };
      },
      sent: (field) => {
        add(this.events, field, 1);
      },
      left: () => {
        if (this.entries.delete(entry)) this.uncount(entry.countedAs);
      },
    };
  }

  /** The rights of a key, a person or an account may have changed; undefined: anybody's. */
  rightsChanged(id: string | undefined): void {
    this.recheck(
      ({ actor: { keyId, userId, accountId, rights } }) =>
        id === undefined ||
        id === keyId ||
        id === userId ||
        id === accountId ||
        // A person may watch any of their accounts.
        rights?.includes(`${id}:`) === true,
    );
  }

  /** Ends all, for the end of the server. */
  drain(): void {
    clearInterval(this.timer);
    for (const entry of [...this.entries]) this.end(entry, 'stopping');
  }

  /** A reader that does not read. */
  countSlow(): void {
    add(this.endings, 'slow', 1);
  }

  /** For the metrics. */
  get figures() {
    const transports = new Map<Transport, number>([
      ['websocket', 0],
      ['sse', 0],
    ]);
    for (const { transport } of this.entries) add(transports, transport, 1);
    const { subscriptions, events, endings } = this;
    return { transports, subscriptions, events, endings };
  }

  private recheck(isMeant: (entry: Entry) => boolean): void {
    for (const entry of this.entries) {
      // Nothing can be taken from who has nothing.
      if (entry.actor.accountId === undefined || !isMeant(entry)) continue;
      entry.nextCheckMs = Date.now() + this.options.limits.recheckMs;
      this.checks(() => this.check(entry)).catch(() => {
        // One that cannot even be closed is asked about again, and hurts no other.
        entry.nextCheckMs = Date.now() + LOOK_MS;
      });
    }
  }

  private async check(entry: Entry): Promise<void> {
    if (!this.entries.has(entry)) return;
    const { actor, headers } = entry;
    try {
      const now = await this.options.authenticate({ headers, ip: actor.ipAddress, again: true });
      if (!isSame(actor, now)) this.end(entry, now.accountId === undefined ? 'revoked' : 'changed');
      else {
        entry.actor = now;
        entry.nextCheckMs = this.nextCheckMs(now);
      }
    } catch (err) {
      if (err instanceof AppError && ['UNAUTHENTICATED', 'FORBIDDEN'].includes(err.code)) {
        this.end(entry, 'revoked');
      } else {
        // An outage takes nobody's rights away; while it lasts nothing is told either.
        entry.nextCheckMs = Date.now() + LOOK_MS;
      }
    }
  }

  private end(entry: Entry, ending: Ending): void {
    add(this.endings, ending, 1);
    entry.end(ending);
  }

  /** Not all at the same moment; at the end of what runs out, at once. */
  private nextCheckMs({ validUntil }: Actor): number {
    const latestMs = this.options.limits.recheckMs - LOOK_MS;
    const soonMs = Date.now() + latestMs * (0.5 + Math.random() / 2);
    return Math.min(soonMs, validUntil?.getTime() ?? Infinity);
  }

  /** @throws AppError OVERLOADED */
  private count({ accountId, ipAddress }: Actor): string {
    const { perAccount, perAddress } = this.options.limits;
    const key = accountId ?? clientNetwork(ipAddress);
    if ((this.counts.get(key) ?? 0) >= (accountId === undefined ? perAddress : perAccount)) {
      throw tooMany(accountId === undefined ? 'This address has' : 'The account has');
    }
    add(this.counts, key, 1);
    return key;
  }

  private uncount(key: string): void {
    add(this.counts, key, -1);
    if (this.counts.get(key) === 0) this.counts.delete(key);
  }
}

/** The results, counted as they are taken. */
export function counted(
  { field, results }: { field: string; results: Results },
  connection: Connection,
): Results {
  const over = connection.subscribed(field);
  const watched: Results = {
    next: async () => {
      const result = await results.next();
      if (result.done === true) over();
      else connection.sent(field);
      return result;
    },
    return: async () => {
      over();
      await results.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => watched,
  };
  return watched;
}

function add<K>(counts: Map<K, number>, key: K, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

function credentialsOf(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { authorization, cookie } = headers;
  return {
    ...(authorization === undefined ? {} : { authorization }),
    ...(cookie === undefined ? {} : { cookie }),
  };
}

function isSame(a: Actor, b: Actor): boolean {
  return (
    a.accountId === b.accountId &&
    a.userId === b.userId &&
    a.keyId === b.keyId &&
    a.rights === b.rights &&
    a.scopes.size === b.scopes.size &&
    [...a.scopes].every((scope) => b.scopes.has(scope))
  );
}

function tooMany(who: string): AppError {
  return new AppError('OVERLOADED', `${who} too many open connections. Close some, or try later.`);
}
