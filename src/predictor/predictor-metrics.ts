import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { BatchObserver } from './batcher.js';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export interface PredictorMetrics extends BatchObserver {
  /** Prometheus text, version 0.0.4. */
  render(): Promise<string>;
  readonly contentType: string;
  /** @param outcome `ok`, or the code of an error. */
  request(graph: string, outcome: string): void;
}

/** @param queueSize read at each scrape. Labels are names of served graphs only: a closed set. */
export function createPredictorMetrics(queueSize: () => number): PredictorMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = new Counter({
    name: 'predictor_requests_total',
    help: 'Inference requests by model and outcome: ok, or the code of the error.',
    labelNames: ['model', 'outcome'],
    registers,
  });
  const rows = new Counter({
    name: 'predictor_rows_total',
    help: 'Rows that were run: images or texts.',
    labelNames: ['model'],
    registers,
  });
  const runs = new Histogram({
    name: 'predictor_run_duration_seconds',
    help: 'Time of one run, of one row or more.',
    labelNames: ['model'],
    buckets: SECONDS,
    registers,
  });
  const waited = new Histogram({
    name: 'predictor_queue_duration_seconds',
    help: 'Time that the first request of a run had waited.',
    labelNames: ['model'],
    buckets: SECONDS,
    registers,
  });
  new Gauge({
    name: 'predictor_queue_size',
    help: 'Requests that wait or run.',
    registers,
    collect() {
      this.set(queueSize());
    },
  });
  return {
    render: () => registry.metrics(),
    contentType: registry.contentType,
    request: (model, outcome) => {
      requests.inc({ model, outcome });
    },
    ran: (model, count, waitedMs, durationMs) => {
      rows.inc({ model }, count);
      runs.observe({ model }, durationMs / 1000);
      waited.observe({ model }, waitedMs / 1000);
    },
  };
}
