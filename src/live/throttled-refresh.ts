const RETRY_MS = 1_000;

/**
 * Work that follows what is announced: begins at once, never twice at the same time, and with a pause in between
 * however often it is asked for. What asks while it runs is answered by a turn that begins after.
 */
export class ThrottledRefresh {
  private running = false;
  private again = false;
  private stopped = false;
  private timer: NodeJS.Timeout | undefined;

  /** @param onError told when a turn fails; it is tried again, after RETRY_MS */
  constructor(
    private readonly work: () => Promise<void>,
    private readonly pauseMs: number,
    private readonly onError: (error: unknown) => void,
  ) {}

  soon(): void {
    this.again = true;
    if (!this.running && this.timer === undefined && !this.stopped) this.begin();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private begin(): void {
    this.turn().catch((error: unknown) => {
      this.running = false;
      this.onError(error);
    });
  }

  private async turn(): Promise<void> {
    this.running = true;
    this.again = false;
    let pauseMs = this.pauseMs;
    try {
      await this.work();
    } catch (error) {
      this.onError(error);
      this.again = true;
      pauseMs = RETRY_MS;
    }
    this.running = false;
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.again) this.begin();
    }, pauseMs);
    this.timer.unref();
  }
}
