import { AppError } from '../errors.js';
import type { ModelChangeId, ModelId } from '../platform/ids.js';

export const MODEL_CHANGE_KINDS = {
  ADDED: 'ADDED',
  STAGE: 'STAGE',
  PUBLISHED: 'PUBLISHED',
  PRICE: 'PRICE',
  DEGRADED: 'DEGRADED',
  RESTORED: 'RESTORED',
  DEPRECATED: 'DEPRECATED',
  RETIRED: 'RETIRED',
  RENAMED: 'RENAMED',
  HUB: 'HUB',
  NOTE: 'NOTE',
} as const;
export type ModelChangeKind = keyof typeof MODEL_CHANGE_KINDS;

/** Something that happened to a model, for everybody to read. */
export interface ModelChange {
  readonly id: ModelChangeId;
  readonly kind: ModelChangeKind;
  /** One or more sentences. */
  readonly text: string;
  readonly at: Date;
}

/** A change as it is written down. */
export interface NewModelChange extends Pick<ModelChange, 'kind' | 'text'> {
  readonly modelId: ModelId;
}

const TEXT_CHARS_MAX = 2_000;

/** @throws AppError BAD_USER_INPUT unless 1 to 2,000 characters */
export function checkChangeText(text: string): string {
  const trimmed = text.trim();
  if (trimmed !== '' && trimmed.length <= TEXT_CHARS_MAX && !trimmed.includes('\0')) return trimmed;
  throw new AppError(
    'BAD_USER_INPUT',
    `\`text\` must have 1 to ${String(TEXT_CHARS_MAX)} characters.`,
    { details: { argument: 'text' } },
  );
}
