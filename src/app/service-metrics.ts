import type { Metrics } from '../platform/metrics.js';
import type { Services } from './services.js';

/** Counts that services keep, on /metrics. */
export function registerServiceMetrics(
  metrics: Metrics,
  {
    embeddings,
    credits,
    stripeEvents,
    usageReports,
    notifications,
    backgroundJobs,
    live,
  }: Services,
): void {
  const caches = { text: embeddings.texts, image: embeddings.images };
  metrics.watch({
    name: 'gigarouter_embedding_lookups_total',
    help: 'Embeddings asked for: kept, being computed for somebody else, or computed.',
    labelNames: ['cache', 'outcome'],
    read: () =>
      Object.entries(caches).flatMap(([cache, { counts }]) =>
        Object.entries(counts).map(([outcome, value]: [string, number]) => ({
          labels: { cache, outcome },
          value,
        })),
      ),
  });
  metrics.watch({
    name: 'gigarouter_embedding_cache_bytes',
    help: 'Bytes of embeddings that are kept.',
    labelNames: ['cache'],
    read: () =>
      Object.entries(caches).map(([cache, { bytes }]) => ({ labels: { cache }, value: bytes })),
  });
  metrics.watch({
    name: 'gigarouter_ledger_waiting',
    help: 'Holds and captures that wait for their commit.',
    labelNames: [],
    read: () => [{ labels: {}, value: credits.waiting }],
  });
  metrics.watch({
    name: 'gigarouter_background_turns_total',
    help: 'Turns of background work of this process, by how they ended.',
    labelNames: ['work', 'outcome'],
    read: () =>
      backgroundJobs.counts.flatMap(({ name, turns, failures }) => [
        { labels: { work: name, outcome: 'ok' }, value: turns - failures },
        { labels: { work: name, outcome: 'error' }, value: failures },
      ]),
  });
  metrics.watch({
    name: 'gigarouter_background_seconds_total',
    help: 'Time that turns of background work took.',
    labelNames: ['work'],
    read: () =>
      backgroundJobs.counts.map(({ name, totalMs }) => ({
        labels: { work: name },
        value: totalMs / 1_000,
      })),
  });
  metrics.watch({
    name: 'gigarouter_background_failures_in_row',
    help: 'Turns of background work that failed one after the other, up to now.',
    labelNames: ['work'],
    read: () =>
      backgroundJobs.counts.map(({ name, failuresInRow }) => ({
        labels: { work: name },
        value: failuresInRow,
      })),
  });
  metrics.watch({
    name: 'gigarouter_live_dropped_total',
    help: 'Events that nobody read: a newer one took their place, or their reader was too slow.',
    labelNames: [],
    read: () => [{ labels: {}, value: live.dropped }],
  });
  const inboxes = {
    stripe_events: stripeEvents,
    usage_reports: usageReports,
    notification_deliveries: notifications,
  };
  for (const [name, service] of Object.entries(inboxes)) {
    metrics.watch({
      name: `gigarouter_${name}`,
      help: `Rows of ${name} that wait, and that were given up: somebody has to look at those.`,
      labelNames: ['state'],
      read: async () =>
        Object.entries(await service.counts()).map(([state, value]: [string, number]) => ({
          labels: { state },
          value,
        })),
    });
  }
}
