/** What is kept of an event: which object to ask Stripe about, and nothing of a person. */
export interface StripeEventPayload {
  readonly object: {
    readonly id?: string | undefined;
    /** As "charge". */
    readonly object: string;
    readonly payment_intent?: string | null | undefined;
  };
}

/** What Stripe has told, as stored. */
export interface StripeEvent {
  /** The webhook endpoint that it came to. */
  readonly endpoint: string;
  readonly id: string;
  readonly type: string;
  /** Of what it tells about. */
  readonly objectId: string | null;
  readonly payload: StripeEventPayload;
  /** Tries so far, this one included. */
  readonly attempts: number;
}

/** An event that was given up. */
export interface DeadEvent extends Omit<StripeEvent, 'payload'> {
  readonly error: string | null;
  readonly deadAt: Date;
}
