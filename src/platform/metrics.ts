import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What the process counts; one set per app, so that two apps in a process do not mix. */
export interface Metrics {
  /** Prometheus text, version 0.0.4. */
  render(): Promise<string>;
  readonly contentType: string;
  /** @param route the route's pattern, never the path that was sent. */
  request(route: string, method: string, status: number, durationS: number): void;
  /** @param operation root field of the schema, or `multiple`, `introspection`, `refused`: a closed set. */
  operation(operation: string, outcome: 'ok' | 'error', durationS: number): void;
  statement(): void;
  /** SQL statements sent since the start, of all connections. */
  statementCount(): number;
  /** Shows what somebody else counts; read at each scrape. */
  watch(watched: Watched): void;
}

export interface Watched {
  /** With `_total` at its end when it only rises. */
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** One that fails leaves what it read the last time. */
  readonly read: () => readonly WatchedValue[] | Promise<readonly WatchedValue[]>;
}

interface WatchedValue {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** @param pool read at each scrape: connections open, idle, and callers waiting for one. */
export function createMetrics(
  pool: () => { total: number; idle: number; waiting: number },
): Metrics {
  const registry = new Registry();
  // Event-loop delay, memory, CPU, handles.
  collectDefaultMetrics({ register: registry });

  const requests = new Histogram({
    name: 'gigarouter_http_request_duration_seconds',
    help: 'Time from the first byte of a request to the last of its answer.',
    labelNames: ['route', 'method', 'status'],
    buckets: SECONDS,
    registers: [registry],
  });
  const operations = new Histogram({
    name: 'gigarouter_graphql_operation_duration_seconds',
    help: 'Time of a GraphQL operation, by its root field.',
    labelNames: ['operation', 'outcome'],
    buckets: SECONDS,
    registers: [registry],
  });
  const statements = new Counter({
    name: 'gigarouter_db_statements_total',
    help: 'SQL statements sent to PostgreSQL.',
    registers: [registry],
  });
  new Gauge({
    name: 'gigarouter_db_connections',
    help: 'Connections of the pool; waiting counts the callers without one.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const { total, idle, waiting } = pool();
      this.set({ state: 'busy' }, total - idle);
      this.set({ state: 'idle' }, idle);
      this.set({ state: 'waiting' }, waiting);
    },
  });

  let statementCount = 0;
  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    request: (route, method, status, durationS) => {
      observerOf(requests, { route, method, status }).observe(durationS);
    },
    operation: (operation, outcome, durationS) => {
      observerOf(operations, { operation, outcome }).observe(durationS);
    },
    statement: () => {
      statementCount += 1;
      statements.inc();
    },
    statementCount: () => statementCount,
    watch: ({ name, help, labelNames, read }) => {
      const options = { name, help, labelNames: [...labelNames], registers: [registry] };
      if (name.endsWith('_total')) {
        new Counter({
          ...options,
          async collect() {
            const values = await readOr(read);
            if (values.length > 0) this.reset();
            for (const { labels, value } of values) this.inc(labels, value);
          },
        });
      } else {
        new Gauge({
          ...options,
          async collect() {
            for (const { labels, value } of await readOr(read)) this.set(labels, value);
          },
        });
      }
    },
  };
}

/** While the database is away, all other figures are shown as ever. */
async function readOr(read: Watched['read']): Promise<readonly WatchedValue[]> {
  try {
    return await read();
  } catch {
    return [];
  }
}

const observers = new WeakMap<Histogram, Map<string, Histogram.Internal<string>>>();

/** The series of these labels. Looked up by one string: prom-client hashes the labels at every call. */
function observerOf<Labels extends string>(
  histogram: Histogram<Labels>,
  labels: Record<Labels, string | number>,
): Histogram.Internal<string> {
  const series = observers.get(histogram) ?? new Map<string, Histogram.Internal<string>>();
  observers.set(histogram, series);
  const key = Object.values(labels).join(' ');
  const observer = series.get(key) ?? histogram.labels(labels);
  series.set(key, observer);
  return observer;
}
