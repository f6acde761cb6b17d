/** How far a long step is; `doneBytes` grows to `totalBytes`. Of `reference`, they are layers. */
export interface Progress {
  readonly step: 'check' | 'quantize' | 'reference';
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** What a caller can give to any long step. */
export interface StepOptions {
  /** Called after every piece of at most a few MB. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Ends the step with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Counts the bytes of one step, and stops it when its signal says so. */
export function startProgress(
  step: Progress['step'],
  totalBytes: number,
  { onProgress, signal }: StepOptions,
): (bytes: number) => void {
  let doneBytes = 0;
  return (bytes) => {
    signal?.throwIfAborted();
    doneBytes += bytes;
    onProgress?.({ step, doneBytes, totalBytes });
  };
}
