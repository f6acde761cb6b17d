/** Work that is done again and again, one turn at a time. */
export interface Job {
  /** Ends it; resolves when the turn in hand is over. */
  stop(): Promise<void>;
}

/** @param onError told when a turn fails; the next one comes all the same */
export function every(
  ms: number,
  work: () => Promise<unknown>,
  onError: (error: unknown) => void,
): Job {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let turn: Promise<void> = Promise.resolve();
  const next = () => {
    timer = setTimeout(() => {
      turn = work()
        .then(() => undefined, onError)
        .finally(() => {
          if (!stopped) next();
        });
    }, ms);
    timer.unref();
  };
  next();
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await turn;
    },
  };
}
