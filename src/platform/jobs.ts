/** Work that is done again and again, one turn at a time. */
export interface Job {
  /** Begins the next turn without waiting; one in hand is followed by another. */
  soon(): void;
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
  let again = false;
  let timer: NodeJS.Timeout | undefined;
  let turn: Promise<void> | undefined;
  const begin = () => {
    clearTimeout(timer);
    again = false;
    turn = work()
      .then(() => undefined, onError)
      .finally(() => {
        turn = undefined;
        if (!stopped) next(again ? 0 : ms);
      });
  };
  const next = (waitMs: number) => {
    timer = setTimeout(begin, waitMs);
    timer.unref();
  };
  next(ms);
  return {
    soon: () => {
      if (turn !== undefined) again = true;
      else if (!stopped) begin();
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await turn;
    },
  };
}
