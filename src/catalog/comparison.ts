import { type Model, shortCount, taskName } from './model.js';

/** One line of a comparison: as many values as models, in their order; null where a model does not say. */
export interface ComparisonRow {
  readonly label: string;
  readonly values: readonly (string | null)[];
  readonly differs: boolean;
}

/** The facts that every model states in the same way, in page order. */
const COMMON_ROWS: readonly (readonly [label: string, value: (model: Model) => string | null])[] = [
  ['Task', (model) => taskName(model.task)],
  ['Status', (model) => model.status.toLowerCase().replace('_', ' ')],
  ['Parameters', (model) => (model.parameters === null ? null : shortCount(model.parameters))],
  ['Image size', (model) => side(model.imageSizePx)],
  ['Patch size', (model) => side(model.patchSizePx)],
  ['License', (model) => model.license],
  ['Published', (model) => model.publishedOn],
  ['Updated', (model) => model.updatedOn],
  [
    'Downloads a month',
    (model) => (model.downloadsPerMonth === null ? null : shortCount(model.downloadsPerMonth)),
  ],
  ['API providers', (model) => String(model.apiProviders)],
  ['Price per image', (model) => price(model)],
];

/**
 * Aligns models line by line: first what all of them state, then the specs under their labels, in
 * the order in which the models first name them. A spec that repeats a common row is left out.
 */
export function compareRows(models: readonly Model[]): ComparisonRow[] {
  const common = COMMON_ROWS.map(([label, value]) => row(label, models.map(value)));
  const taken = new Set(common.map(({ label }) => label.toLowerCase()));
  const labels = new Set(
    models
      .flatMap(({ details }) => details?.specs ?? [])
      .map(({ label }) => label)
      .filter((label) => !taken.has(label.toLowerCase())),
  );
  const specs = [...labels].map((label) =>
    row(
      label,
      models.map(
        ({ details }) => details?.specs.find((spec) => spec.label === label)?.value ?? null,
      ),
    ),
  );
  return [...common, ...specs].filter(({ values }) => values.some((value) => value !== null));
}

function row(label: string, values: readonly (string | null)[]): ComparisonRow {
  return { label, values, differs: new Set(values).size > 1 };
}

function side(px: number | null): string | null {
  return px === null ? null : `${String(px)} × ${String(px)} px`;
}

function price({ prices }: Model): string | null {
  const nanos = prices?.find(({ unit }) => unit === 'IMAGE')?.nanosPerUnit;
  return nanos === undefined ? null : `${dollars(nanos)} USD`;
}

/** Exact: nano-USD as dollars without trailing zeros, as 200000n → "0.0002". */
function dollars(nanos: bigint): string {
  const digits = nanos.toString().padStart(10, '0');
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`.replace(/\.?0+$/, '');
}
