import type { Queryable } from './database.js';
import type { MailId } from './ids.js';
import type { LeasedWork } from './leased-work.js';

/** What a queued mail is for. Each has a link that proves something about its reader. */
export const MAIL_KINDS = [
  'sign-up',
  'magic-link',
  'password-reset',
  'invitation',
  'waitlist',
] as const;
export type MailKind = (typeof MAIL_KINDS)[number];

/** A mail to write. The queue holds no link and no token: they are created when the mail is sent. */
export interface QueuedMail {
  readonly kind: MailKind;
  readonly email: string;
  /** Id or name of the subject, such as an invitation; empty where the address says it all. */
  readonly about: string;
  /** What else the mail says. */
  readonly details: Readonly<Record<string, string>>;
}

export interface ClaimedMail extends QueuedMail {
  readonly id: MailId;
  /** Includes the current one. */
  readonly attempts: number;
}

/** Replaces a waiting mail of the same kind and subject to the same address: only the newest link would work. */
export async function insertMail(
  db: Queryable,
  { id, kind, email, about, details }: QueuedMail & { readonly id: MailId },
): Promise<void> {
  await db.query(
    `INSERT INTO queued_mail (id, kind, email, about, details) VALUES ($1, $2, $3, $4, $5::jsonb)
     ON CONFLICT (kind, email, about) DO UPDATE
        SET id = excluded.id, details = excluded.details, attempts = 0, due_at = db_now(), created_at = db_now()`,
    [id, kind, email, about, JSON.stringify(details)],
  );
}

/** The row of a mail that was sent or dropped is deleted; a newer one has another id and stays. */
export const QUEUED_MAILS = {
  table: 'queued_mail',
  key: ['id'],
  dueAt: 'due_at',
  counter: 'attempts',
  open: 'true',
  columns: 'w.id, w.kind, w.email, w.about, w.details, w.attempts',
} as const satisfies LeasedWork;
