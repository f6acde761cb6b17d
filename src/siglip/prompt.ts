import { AppError } from '../errors.js';
import type { TextCleaning } from './model-config.js';
import { cleanText } from './text-clean.js';

/** As the zero-shot pipeline of Hugging Face has it. The template moves scores: it is part of a request. */
export const DEFAULT_TEMPLATE = 'This is a photo of {}.';

/** Characters of a template. */
export const TEMPLATE_CHARS_MAX = 1000;

/** A template around its one placeholder. */
export interface PromptTemplate {
  readonly before: string;
  readonly after: string;
}

/**
 * Reads a template such as `a photo of {label}` or `a photo of {}`; `{}` alone takes labels as they are.
 *
 * @throws AppError BAD_USER_INPUT unless there is exactly one placeholder
 */
export function parseTemplate(template: string): PromptTemplate {
  if (template.length > TEMPLATE_CHARS_MAX) {
    throw new AppError(
      'BAD_USER_INPUT',
      `The template has ${String(template.length)} characters; at most ${String(TEMPLATE_CHARS_MAX)} are allowed.`,
    );
  }
  const placeholders = template.match(/\{[^{}]*\}/g) ?? [];
  const [placeholder] = placeholders;
  if (placeholder === undefined) {
    throw new AppError(
      'BAD_USER_INPUT',
      'The template has no place for the label: write {label} or {}.',
    );
  }
  if (placeholders.length > 1) {
    throw new AppError(
      'BAD_USER_INPUT',
      `The template has ${String(placeholders.length)} placeholders, ${placeholders.join(' and ')}. Use {label} or {} once.`,
    );
  }
  if (placeholder !== '{}' && placeholder !== '{label}') {
    throw new AppError(
      'BAD_USER_INPUT',
      `The template's placeholder is ${placeholder}. Use {label} or {}.`,
    );
  }
  const at = template.indexOf(placeholder);
  return { before: template.slice(0, at), after: template.slice(at + placeholder.length) };
}

/**
 * The cleaned prompt of a label: what the tokenizer takes, and with a model's hash the key of its
 * embedding, since prompts that are equal here are equal to the model.
 */
export function canonicalPrompt(
  { before, after }: PromptTemplate,
  label: string,
  cleaning: TextCleaning,
): string {
  return cleanText(before + label + after, cleaning);
}
