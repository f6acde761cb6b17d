import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { AppError } from '../errors.js';

/** `owner/name`, as the Hugging Face Hub writes it: 3–200 characters. */
const slug = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/, 'must look like owner/name');

/** ISO 8601 to the precision that is known: a year, a month or a day. */
const partialDate = z
  .string()
  .regex(
    /^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$/,
    'must be YYYY, YYYY-MM or YYYY-MM-DD, in quotes',
  );

const line = z.string().trim().min(1).max(300);
const text = z.string().trim().min(1).max(20_000);

const price = z.strictObject({
  unit: z.enum(['IMAGE', 'LABEL_TEXT', 'EMBEDDING']),
  /** Integer nano-USD as a decimal string in quotes: numbers lose digits. 0 to 10^15. */
  nanosPerUnit: z
    .string()
    .regex(/^(0|[1-9]\d{0,14})$/, 'must be integer nano-USD as a string in quotes'),
  /** RFC 3339, UTC. */
  effectiveFrom: z.iso.datetime(),
});

/**
 * One model as its file in the catalog folder states it. `null` says "not known"; the nullable fields
 * have to be written all the same, so that a forgotten fact is seen.
 */
export const catalogFile = z.strictObject({
  slug,
  name: line,
  task: z.enum([
    'ZERO_SHOT_IMAGE_CLASSIFICATION',
    'IMAGE_CLASSIFICATION',
    'IMAGE_FEATURE_EXTRACTION',
    'FEATURE_EXTRACTION',
  ]),
  status: z.enum(['COMING_SOON', 'LIVE', 'DEPRECATED', 'RETIRED']),
  summary: line,
  publishedOn: partialDate.nullable(),
  updatedOn: partialDate.nullable(),
  downloadsPerMonth: z.int().min(0).max(2_000_000_000).nullable(),
  apiProviders: z.int().min(0).max(10_000),
  license: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.+-]{0,63}$/, 'must be a lower-case license identifier, as apache-2.0')
    .nullable(),
  /** Total parameters of the towers that a call runs. */
  parameters: z.int().min(1).max(Number.MAX_SAFE_INTEGER).nullable(),
  imageSizePx: z.int().min(1).max(100_000).nullable(),
  patchSizePx: z.int().min(1).max(10_000).nullable(),
  about: text.nullable(),
  specs: z.array(z.strictObject({ label: line, value: line })).max(60),
  bestFor: z.array(line).max(20),
  faq: z.array(z.strictObject({ question: line, answer: text })).max(40),
  snippets: z.array(z.strictObject({ title: line, language: line, code: text })).max(20),
  aliases: z.array(slug).max(20).default([]),
  relatedSlugs: z.array(slug).max(20).default([]),
  prices: z.array(price).max(60).default([]),
});

export type CatalogFile = z.infer<typeof catalogFile>;

/** Facts of a model's page that an operator may edit, and that may be left out of a new model. */
const EDITABLE = {
  name: true,
  task: true,
  summary: true,
  publishedOn: true,
  updatedOn: true,
  downloadsPerMonth: true,
  license: true,
  parameters: true,
  imageSizePx: true,
  patchSizePx: true,
  about: true,
  specs: true,
  bestFor: true,
  faq: true,
  snippets: true,
  relatedSlugs: true,
} as const;

const modelEdit = catalogFile.pick(EDITABLE).partial();

export type ModelEdit = Partial<Pick<CatalogFile, keyof typeof EDITABLE>>;

/** A model of which nothing is known yet. */
const UNKNOWN = {
  status: 'COMING_SOON',
  publishedOn: null,
  updatedOn: null,
  downloadsPerMonth: null,
  apiProviders: 0,
  license: null,
  parameters: null,
  imageSizePx: null,
  patchSizePx: null,
  about: null,
  specs: [],
  bestFor: [],
  faq: [],
  snippets: [],
};

/** A new model by what is known of it. @throws AppError BAD_USER_INPUT naming each field at fault */
export function checkNewModel(given: object): CatalogFile {
  const result = catalogFile.safeParse({ ...UNKNOWN, ...given });
  if (result.success) return result.data;
  throw badFields(result.error);
}

/**
 * @param given the facts to change; null clears one that may be unknown
 * @throws AppError BAD_USER_INPUT naming each field at fault, or when there is nothing to change
 */
export function checkModelEdit(given: object): ModelEdit {
  const result = modelEdit.safeParse(given);
  if (!result.success) throw badFields(result.error);
  // Without what the schema filled in: that was not asked for.
  const named = Object.entries(result.data).filter(([name]) => Object.hasOwn(given, name));
  if (named.length > 0) return Object.fromEntries(named);
  throw new AppError('BAD_USER_INPUT', 'No changes given: set at least one field.');
}

/** @throws AppError BAD_USER_INPUT unless it looks like `owner/name` */
export function checkSlug(given: string, argument: string): string {
  if (slug.safeParse(given).success) return given;
  throw new AppError('BAD_USER_INPUT', `${argument} must look like owner/name.`, {
    details: { argument },
  });
}

function badFields(error: z.ZodError): AppError {
  const [first] = error.issues;
  return new AppError('BAD_USER_INPUT', describeIssues(error).join('; '), {
    details: { argument: first?.path.join('.') ?? '' },
  });
}

/**
 * Reads every `*.yaml` file of a folder, in the order of their names.
 * @throws AppError BAD_USER_INPUT that lists every problem as `file: field: fault`, when any file is
 *   not valid or two files claim one slug or alias; nothing is returned then.
 */
export async function readCatalogFolder(folder: string): Promise<CatalogFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort();
  const problems: string[] = [];
  const files: CatalogFile[] = [];
  const claimedBy = new Map<string, string>();

  for (const name of names) {
    const parsed = parseCatalogFile(await readFile(path.join(folder, name), 'utf8'));
    if (!parsed.ok) {
      problems.push(...parsed.problems.map((problem) => `${name}: ${problem}`));
      continue;
    }
    for (const claimed of [parsed.file.slug, ...parsed.file.aliases]) {
      const other = claimedBy.get(claimed);
      if (other !== undefined)
        problems.push(`${name}: slug: "${claimed}" is also claimed by ${other}`);
      claimedBy.set(claimed, name);
    }
    files.push(parsed.file);
  }

  if (problems.length > 0) {
    throw new AppError(
      'BAD_USER_INPUT',
      `The catalog folder ${folder} is not valid:\n  ${problems.join('\n  ')}`,
    );
  }
  return files;
}

/**
 * Some facts of a model as YAML, for `checkNewModel` or `checkModelEdit`.
 * @throws AppError BAD_USER_INPUT where YAML is broken, or no mapping
 */
export function parseFacts(content: string): object {
  const document = parseDocument(content);
  const [broken] = document.errors;
  const facts: unknown = broken === undefined ? document.toJS({ maxAliasCount: 0 }) : undefined;
  if (typeof facts === 'object' && facts !== null && !Array.isArray(facts)) return facts;
  const reason = broken?.message.split('\n')[0] ?? 'it holds no fields, as "name: Demo shapes"';
  throw new AppError('BAD_USER_INPUT', `Not a valid model: ${reason}.`);
}

/** Parses one file; each problem reads `field: fault`, with the line where YAML itself is broken. */
export function parseCatalogFile(
  content: string,
): { ok: true; file: CatalogFile } | { ok: false; problems: string[] } {
  const document = parseDocument(content);
  if (document.errors.length > 0) {
    return {
      ok: false,
      problems: document.errors.map((error) => error.message.split('\n')[0] ?? error.code),
    };
  }
  const result = catalogFile.safeParse(document.toJS({ maxAliasCount: 0 }));
  if (result.success) return { ok: true, file: result.data };
  return { ok: false, problems: describeIssues(result.error) };
}

function describeIssues({ issues }: z.ZodError): string[] {
  return issues.map((issue) => `${issue.path.join('.') || 'file'}: ${issue.message}`);
}
