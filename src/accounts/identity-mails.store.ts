import type { Queryable } from '../platform/database.js';
import type { MailId } from '../platform/ids.js';
import type { LeasedWork } from '../platform/leased-work.js';

/** What a mail about a person's identity is for. */
export const IDENTITY_MAILS = ['sign-up', 'magic-link', 'password-reset'] as const;
export type IdentityMailKind = (typeof IDENTITY_MAILS)[number];

/** A mail that somebody asked for. It holds no link: that is made when it is sent. */
export interface RequestedMail {
  readonly id: MailId;
  readonly kind: IdentityMailKind;
  readonly email: string;
  /** Of a person who signs up. */
  readonly name: string | null;
}

export interface ClaimedMail extends RequestedMail {
  /** This one included. */
  readonly attempts: number;
}

/** Replaces a request of the same kind for the same address that waits: only the newest link would work. */
export async function requestMail(
  db: Queryable,
  { id, kind, email, name }: RequestedMail,
): Promise<void> {
  await db.query(
    `INSERT INTO identity_mail (id, kind, email, name) VALUES ($1, $2, $3, $4)
     ON CONFLICT (kind, email) DO UPDATE
        SET id = excluded.id, name = excluded.name, attempts = 0, due_at = db_now(), created_at = db_now()`,
    [id, kind, email, name],
  );
}

/** Requests, as work. One that was sent, or is given up, is deleted; a newer one has another id, and stays. */
export const IDENTITY_MAIL_REQUESTS = {
  table: 'identity_mail',
  key: ['id'],
  dueAt: 'due_at',
  counter: 'attempts',
  open: 'true',
  columns: 'w.id, w.kind, w.email, w.name, w.attempts',
} as const satisfies LeasedWork;
