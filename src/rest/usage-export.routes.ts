import { pipeline, Readable } from 'node:stream';
import { stringify } from 'csv-stringify';
import { z } from 'zod';
import {
  type StatisticsService,
  USAGE_DIMENSIONS,
  USAGE_INTERVALS,
  type UsageDimension,
  type UsageLine,
} from '../usage/index.js';
import { openai } from './openai/openai.dialect.js';
import { route, type Route } from './route.js';
import { strictQuery } from './strict-query.js';

const Time = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
/** One, or several with commas between them. */
const List = z
  .string()
  .transform((text) => text.split(','))
  .optional();
const oneOf = (names: object) => z.enum(Object.keys(names) as [string, ...string[]]);

const ExportQuery = strictQuery({
  format: z.enum(['csv', 'ndjson']).default('csv'),
  from: Time.meta({ description: 'The first instant' }),
  to: Time.meta({ description: 'The first instant after it, two years later at most' }),
  interval: oneOf(USAGE_INTERVALS).default('DAY').transform(asInterval),
  timeZone: z.string().default('UTC').meta({ description: 'As Europe/Berlin' }),
  groupBy: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter((name) => name !== ''))
    .pipe(z.array(oneOf(USAGE_DIMENSIONS)))
    .transform((names) => names as UsageDimension[])
    .meta({ description: `Any of ${Object.keys(USAGE_DIMENSIONS).join(',')}` }),
  models: List.meta({ description: 'Slugs or aliases, with commas between them' }),
  keys: List.meta({ description: 'Ids of keys' }),
  operations: List.meta({ description: 'As classifyImage' }),
  members: List.meta({ description: 'Ids of people, who called or made the key' }),
  statuses: List.meta({ description: 'OK, or codes of errors' }),
});

/** An account's usage as a file: the same numbers as GraphQL's `usage`, however many lines they are. */
export function usageExportRoutes(statistics: StatisticsService): Route[] {
  return [
    route({
      method: 'GET',
      url: '/v1/usage/export',
      operationId: 'exportUsage',
      tag: 'Usage',
      summary: 'The account’s usage as a file',
      description:
        'A line for each part of the range and group that has calls, in order of time: CSV with a header, or one JSON object a line. It is written as it is read. Text that a spreadsheet would take for a formula begins with an apostrophe in CSV.',
      dialect: openai,
      scope: 'read',
      query: ExportQuery,
      answer: z.string(),
      answers: { 'text/csv': z.string(), 'application/x-ndjson': z.string() },
      handle: (call, { query }) => {
        const { from, to, interval, timeZone, groupBy, format } = query;
        const request = {
          range: { from, to },
          interval,
          timeZone,
          groupBy,
          filter: filterOf(query),
        };
        const lines = statistics.export(call.accountId, request, call.signal);
        call.setHeader('content-disposition', `attachment; filename="usage.${format}"`);
        if (format === 'csv') {
          call.setHeader('content-type', 'text/csv; charset=utf-8; header=present');
          return asCsv(lines, columnsOf(groupBy));
        }
        call.setHeader('content-type', 'application/x-ndjson; charset=utf-8');
        return Readable.from(asNdjson(lines, groupBy));
      },
    }),
  ];
}

function asInterval(name: string) {
  return name as keyof typeof USAGE_INTERVALS;
}

function filterOf({
  models,
  keys,
  operations,
  members,
  statuses,
}: Pick<z.infer<typeof ExportQuery>, 'models' | 'keys' | 'operations' | 'members' | 'statuses'>) {
  return {
    ...(models && { MODEL: models }),
    ...(keys && { KEY: keys }),
    ...(operations && { OPERATION: operations }),
    ...(members && { MEMBER: members }),
    ...(statuses && { STATUS: statuses }),
  };
}

/** What a group is called in a line, column by column. */
const GROUP_COLUMNS: Readonly<
  Record<UsageDimension, Readonly<Record<string, (line: UsageLine) => string | null>>>
> = {
  MODEL: { model: ({ group }) => group.MODEL ?? null },
  KEY: {
    key_id: ({ group }) => group.KEY ?? null,
    key_name: ({ names }) => names.KEY ?? null,
  },
  OPERATION: { operation: ({ group }) => group.OPERATION ?? null },
  MEMBER: {
    member_id: ({ group }) => group.MEMBER ?? null,
    member_name: ({ names }) => names.MEMBER ?? null,
  },
  STATUS: { status: ({ group }) => group.STATUS ?? null },
};

type Column = readonly [name: string, (line: UsageLine) => string | number | null];

function columnsOf(groupBy: readonly UsageDimension[]): Column[] {
  const unit = (at: number, name: string): Column[] => [
    [`${name}_requested`, ({ metrics }) => Number(metrics.units[at]?.requested ?? 0n)],
    [`${name}_ran`, ({ metrics }) => Number(metrics.units[at]?.ran ?? 0n)],
  ];
  return [
    ['from', ({ from }) => from.toISOString()],
    ['to', ({ to }) => to.toISOString()],
    ...groupBy.flatMap((dimension) => Object.entries(GROUP_COLUMNS[dimension])),
    ['calls', ({ metrics }) => Number(metrics.calls)],
    ['errors', ({ metrics }) => Number(metrics.errors)],
    ['charged_nanos', ({ metrics }) => metrics.chargedNanos.toString()],
    ...unit(0, 'images'),
    ...unit(1, 'label_texts'),
    ...unit(2, 'embeddings'),
    ['latency_p50_ms', ({ metrics }) => metrics.latencyMs.p50],
    ['latency_p95_ms', ({ metrics }) => metrics.latencyMs.p95],
    ['latency_p99_ms', ({ metrics }) => metrics.latencyMs.p99],
  ];
}

/** Whoever destroys it stops the reading too. */
function asCsv(lines: AsyncIterable<UsageLine>, columns: readonly Column[]): Readable {
  const csv = stringify({
    header: true,
    columns: columns.map(([name]) => name),
    escape_formulas: true,
    record_delimiter: 'windows',
  });
  // A failure has destroyed the answer by then: its reader sees that it was cut off.
  return pipeline(Readable.from(valuesOf(lines, columns)), csv, () => undefined);
}

async function* valuesOf(lines: AsyncIterable<UsageLine>, columns: readonly Column[]) {
  for await (const line of lines) yield columns.map(([, value]) => value(line));
}

async function* asNdjson(lines: AsyncIterable<UsageLine>, groupBy: readonly UsageDimension[]) {
  const columns = columnsOf(groupBy);
  for await (const line of lines) {
    yield `${JSON.stringify(Object.fromEntries(columns.map(([name, value]) => [name, value(line)])))}\n`;
  }
}
