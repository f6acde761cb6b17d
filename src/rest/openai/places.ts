import type { Dialect } from '../dialect.js';
import { openrouter } from '../openrouter/openrouter.dialect.js';
import { openai } from './openai.dialect.js';

/** Where OpenAI's calls are answered: their clients look under one address, OpenRouter's under another. */
export interface Place {
  readonly prefix: string;
  readonly dialect: Dialect;
  /** @param name as "CreateEmbedding" */
  readonly operationId: (name: string) => string;
}

export const OPENAI: Place = {
  prefix: '/v1',
  dialect: openai,
  operationId: (name) => name.charAt(0).toLowerCase() + name.slice(1),
};

export const OPENROUTER: Place = {
  prefix: '/api/v1',
  dialect: openrouter,
  operationId: (name) => `openrouter${name}`,
};
