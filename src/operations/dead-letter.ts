/** Everything that can be given up; what each holds is its domain's. */
export const DEAD_LETTER_KINDS = {
  STRIPE_EVENT: 'STRIPE_EVENT',
  USAGE_REPORT: 'USAGE_REPORT',
  OUTBOX_MESSAGE: 'OUTBOX_MESSAGE',
  NOTIFICATION_DELIVERY: 'NOTIFICATION_DELIVERY',
} as const;
export type DeadLetterKind = keyof typeof DEAD_LETTER_KINDS;

/** Something that was given up, as its domain knows it. */
export interface GivenUp {
  /** Its own, as "evt_…". */
  readonly id: string;
  /** What it is, in a few words: an event's type, an account and hour. */
  readonly subject: string;
  readonly error: string | null;
  /** Tries before it was given up. */
  readonly attempts: number;
  /** To the millisecond. */
  readonly deadAt: Date;
  readonly accountId: string | null;
}

export interface DeadLetter extends Omit<GivenUp, 'id'> {
  readonly kind: DeadLetterKind;
  /** "dead_", the kind and its own id. */
  readonly id: string;
}

export function deadLetterId(kind: DeadLetterKind, ownId: string): string {
  return `dead_${kind}:${ownId}`;
}

/** @returns undefined for an id that none can have */
export function parseDeadLetterId(id: string): { kind: DeadLetterKind; ownId: string } | undefined {
  const [, kind = '', ownId = ''] = /^dead_([A-Z_]{1,40}):([\w:./-]{1,300})$/.exec(id) ?? [];
  if (!Object.hasOwn(DEAD_LETTER_KINDS, kind)) return undefined;
  return { kind: kind as DeadLetterKind, ownId };
}
