import type { Queryable } from '../platform/database.js';
import type { MailId } from '../platform/ids.js';

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

/**
 * Takes requests that are due, and puts each off, so that it comes again if this process dies. Skips what another
 * server has in hand.
 * @param leaseS longer than sending takes
 */
export async function claimMails(
  db: Queryable,
  atMost: number,
  leaseS: number,
): Promise<ClaimedMail[]> {
  return db.query<ClaimedMail>(
    `UPDATE identity_mail m SET attempts = m.attempts + 1, due_at = db_now() + make_interval(secs => $2)
      WHERE m.id IN (SELECT id FROM identity_mail WHERE due_at <= db_now()
                      ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED)
     RETURNING m.id, m.kind, m.email, m.name, m.attempts`,
    [atMost, leaseS],
  );
}

/** It was sent, or is given up. A newer request has another id, and stays. */
export async function deleteMail(db: Queryable, id: MailId): Promise<void> {
  await db.query('DELETE FROM identity_mail WHERE id = $1', [id]);
}

export async function retryMail(db: Queryable, id: MailId, inS: number): Promise<void> {
  await db.query(
    'UPDATE identity_mail SET due_at = db_now() + make_interval(secs => $2) WHERE id = $1',
    [id, inS],
  );
}
