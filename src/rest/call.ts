import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../errors.js';
import { callerSignal } from '../http/authentication.js';
import { type Actor, anonymous } from '../platform/actor.js';
import type { AccountId } from '../platform/ids.js';
import type { Dialect } from './dialect.js';
import { type Form, readForm } from './form.js';
import { receiveFile, type ReceivedFile } from './received-file.js';

/** One request to a route, as handlers see it. */
export class Call {
  private left: AbortSignal | undefined;

  constructor(
    private readonly request: FastifyRequest,
    private readonly reply: FastifyReply,
    readonly dialect: Dialect,
  ) {}

  get actor(): Actor {
    return this.request.actor ?? anonymous(this.request.ip);
  }

  /** Of a caller whose scope was checked. */
  get accountId(): AccountId {
    const { accountId } = this.actor;
    if (accountId === undefined)
      throw new AppError('UNAUTHENTICATED', 'Authentication required. Send an API key or sign in.');
    return accountId;
  }

  get requestId(): string {
    return this.request.id;
  }

  /** Milliseconds that finding out who calls took. */
  get authMs(): number {
    return this.request.authMs;
  }

  /** Aborted when the caller leaves. */
  get signal(): AbortSignal {
    return (this.left ??= callerSignal(this.reply));
  }

  /** Where the caller reaches the server: addresses in answers begin with it. */
  get publicUrl(): string {
    return this.request.publicUrl;
  }

  /** The query as it was sent. */
  get searchParams(): URLSearchParams {
    return new URLSearchParams(this.request.url.split('?').slice(1).join('?'));
  }

  /** @param name in lower case */
  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  /** Sets a header. In headers text is ASCII (RFC 9110, 5.5): all else in a value, such as a caller's, becomes "?". */
  setHeader(name: string, value: string): void {
    this.reply.header(name, value.replace(/[^\t\x20-\x7e]/gu, '?'));
  }

  /** Reads the form, of a route that takes one. @throws AppError as `readForm` */
  readForm(): Promise<Form> {
    return readForm(this.request);
  }

  /** Begins to receive the file, of a route that takes one. @throws AppError as `receiveFile` */
  receiveFile(bytesMax: number): Promise<ReceivedFile> {
    return receiveFile(this.request, bytesMax);
  }
}
