import type { CatalogService, ModelStanding } from '../catalog/index.js';
import type { ModelId } from '../platform/ids.js';
import type { SubscriberQueue } from './subscriber-queue.js';
import { ThrottledRefresh } from './throttled-refresh.js';

/** Where models stand, told when it changes, to all who listen on this server. */
export class ModelStream {
  /** With the models that each wants to hear of; undefined: all. */
  readonly queues = new Map<SubscriberQueue<ModelStanding>, ReadonlySet<ModelId> | undefined>();
  private known: Map<ModelId, ModelStanding> | undefined;
  private named = new Set<ModelId>();
  private mustLook = true;
  private readonly refresh: ThrottledRefresh;

  constructor(
    private readonly catalog: Pick<CatalogService, 'standings'>,
    options: { pauseMs: number; onError: (error: unknown) => void },
  ) {
    this.refresh = new ThrottledRefresh(() => this.turn(), options.pauseMs, options.onError);
  }

  /** Somebody has begun to listen: who named models is told where they stand. */
  joined(queue: SubscriberQueue<ModelStanding>, ids: ReadonlySet<ModelId> | undefined): void {
    // While nobody listened nothing was read.
    if (this.queues.size === 0) this.forget();
    this.queues.set(queue, ids);
    if (this.known === undefined) this.refresh.soon();
    else for (const id of ids ?? []) this.tell(queue, this.known.get(id));
  }

  /** @param id whose status may have changed; undefined: any */
  changed(id: ModelId | undefined): void {
    if (this.queues.size === 0) return;
    if (id === undefined) this.mustLook = true;
    else this.named.add(id);
    this.refresh.soon();
  }

  stop(): void {
    this.refresh.stop();
  }

  private forget(): void {
    this.known = undefined;
    this.named = new Set();
    this.mustLook = true;
  }

  private async turn(): Promise<void> {
    const ids = this.mustLook ? undefined : [...this.named];
    this.named = new Set();
    this.mustLook = false;
    let standings;
    try {
      standings = await this.catalog.standings(ids);
    } catch (error) {
      this.mustLook = true;
      throw error;
    }
    const before = this.known;
    this.known ??= new Map();
    for (const standing of standings) {
      const known = this.known.get(standing.id);
      this.known.set(standing.id, standing);
      const isNews = before !== undefined && known?.status !== standing.status;
      for (const [queue, wanted] of [...this.queues]) {
        // The first look tells those who named models; after it, changes only.
        const isAsked = before === undefined && wanted !== undefined;
        if (isNews || isAsked) {
          if (wanted === undefined || wanted.has(standing.id)) this.tell(queue, standing);
        }
      }
    }
  }

  private tell(queue: SubscriberQueue<ModelStanding>, standing: ModelStanding | undefined): void {
    if (standing !== undefined) queue.put(standing);
  }
}
