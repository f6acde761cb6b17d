/** Told to operators when a model is degraded or comes back. */
export interface ModelAlert {
  /** One for each time. */
  readonly id: string;
  readonly kind: 'degraded' | 'restored';
  /** Slug. */
  readonly model: string;
  /** Why it was degraded, in sentences; empty when it comes back. */
  readonly problem: string;
}

/** The alert as a mail. */
export function alertMail(
  { kind, model, problem }: Omit<ModelAlert, 'id'>,
  publicUrl: string,
): { readonly subject: string; readonly text: string } {
  return kind === 'restored'
    ? {
        subject: `${model} is live again`,
        text: `The health check of ${model} on ${publicUrl} passes again, and calls are accepted.\n`,
      }
    : {
        subject: `${model} is degraded: calls are rejected`,
        text: `The health check of ${model} on ${publicUrl} fails, so its calls are rejected:

${problem}

It recovers automatically when the check passes again. To see what is missing:

gigarouter admin models readiness ${model}
`,
      };
}
