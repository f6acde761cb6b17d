import type { CatalogService, ModelStanding } from '../catalog/index.js';
import type { ModelId } from '../platform/ids.js';
import type { Mailbox } from './mailbox.js';
import { Wave } from './wave.js';

/** Where models stand, told when it changes, to all who listen on this server. */
export class ModelFeed {
  /** With the models that each wants to hear of; undefined: all. */
  readonly mailboxes = new Map<Mailbox<ModelStanding>, ReadonlySet<ModelId> | undefined>();
  private known: Map<ModelId, ModelStanding> | undefined;
  private named = new Set<ModelId>();
  private mustLook = true;
  private readonly wave: Wave;

  constructor(
    private readonly catalog: Pick<CatalogService, 'standings'>,
    options: { pauseMs: number; onError: (error: unknown) => void },
  ) {
    this.wave = new Wave(() => this.turn(), options.pauseMs, options.onError);
  }

  /** Somebody has begun to listen: who named models is told where they stand. */
  joined(mailbox: Mailbox<ModelStanding>, ids: ReadonlySet<ModelId> | undefined): void {
    // While nobody listened nothing was read.
    if (this.mailboxes.size === 0) this.forget();
    this.mailboxes.set(mailbox, ids);
    if (this.known === undefined) this.wave.soon();
    else for (const id of ids ?? []) this.tell(mailbox, this.known.get(id));
  }

  /** @param id whose status may have changed; undefined: any */
  changed(id: ModelId | undefined): void {
    if (this.mailboxes.size === 0) return;
    if (id === undefined) this.mustLook = true;
    else this.named.add(id);
    this.wave.soon();
  }

  stop(): void {
    this.wave.stop();
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
      for (const [mailbox, wanted] of [...this.mailboxes]) {
        // The first look tells those who named models; after it, changes only.
        const isAsked = before === undefined && wanted !== undefined;
        if (isNews || isAsked) {
          if (wanted === undefined || wanted.has(standing.id)) this.tell(mailbox, standing);
        }
      }
    }
  }

  private tell(mailbox: Mailbox<ModelStanding>, standing: ModelStanding | undefined): void {
    if (standing !== undefined) mailbox.put(standing);
  }
}
