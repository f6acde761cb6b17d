/**
 * `429`, `500`, `409`: the answer, before anything is done. `lost`: done, and the connection is cut before
 * the answer. `truncated`: done, and half of the answer arrives. `timeout`: nothing, for as long as the
 * caller waits. `reset`: cut before anything is done. `stored-500`: as Stripe keeps it for the key.
 */
export type Fault =
  '429' | '500' | '409' | 'stored-500' | 'lost' | 'truncated' | 'timeout' | 'reset';

interface Planned {
  readonly fault: Fault;
  readonly path: RegExp;
  times: number;
}

/** What goes wrong between us and Stripe: planned by a test, or drawn at random by a soak. */
export class Faults {
  private planned: Planned[] = [];
  private random: (() => Fault | undefined) | undefined;

  /** The next `times` requests to a path end in a fault. @param path as /^POST \/v1\/refunds/ */
  plan(fault: Fault, path = /./, times = 1): void {
    this.planned.push({ fault, path, times });
  }

  /** Draws one for each request. */
  drawWith(draw: (() => Fault | undefined) | undefined): void {
    this.random = draw;
  }

  clear(): void {
    this.planned = [];
    this.random = undefined;
  }

  next(method: string, path: string): Fault | undefined {
    const found = this.planned.find((plan) => plan.path.test(`${method} ${path}`));
    if (found === undefined) return this.random?.();
    found.times -= 1;
    if (found.times <= 0) this.planned = this.planned.filter((plan) => plan !== found);
    return found.fault;
  }
}
