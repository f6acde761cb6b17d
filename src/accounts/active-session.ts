import type { SessionId } from '../platform/ids.js';

/** A browser or program in which a person is signed in. */
export interface ActiveSession {
  readonly id: SessionId;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** Of the sign-in. */
  readonly ipAddress: string | null;
  /** What the browser or program called itself at the sign-in. */
  readonly userAgent: string | null;
}

/** Where a sign-in comes from. */
export interface Client {
  readonly ipAddress: string;
  /** undefined: it sends none. */
  readonly userAgent?: string | undefined;
}
