import type { RenderError } from '../http/server.js';
import { bentoml } from './bentoml/bentoml.dialect.js';
import { deepinfra } from './deepinfra/deepinfra.dialect.js';
import type { Dialect } from './dialect.js';
import { huggingface } from './huggingface/huggingface.dialect.js';
import { openInference } from './open-inference/open-inference.dialect.js';
import { openai } from './openai/openai.dialect.js';
import { openrouter } from './openrouter/openrouter.dialect.js';
import { roboflow } from './roboflow/roboflow.dialect.js';

/** Whose clients ask under a path and all that is below it. */
const BY_PATH = new Map<string, Dialect>([
  ['/api/v1', openrouter],
  ['/api/models', huggingface],
  ['/api/whoami-v2', huggingface],
  ['/clip', roboflow],
  ['/classify', openai],
  ['/embeddings', openai],
  ['/hf-inference', huggingface],
  ['/models', huggingface],
  ['/rank', bentoml],
  ['/v1', openai],
  ['/v1/inference', deepinfra],
  ['/v2', openInference],
]);

/** How an error is written where no route says so: at an unknown address of a dialect, and before a route is found. */
export function rendererAt(url: string): RenderError | undefined {
  let path = url.split('?', 1)[0] ?? '';
  while (path !== '') {
    const dialect = BY_PATH.get(path);
    if (dialect !== undefined) return dialect.renderError;
    path = path.slice(0, Math.max(path.lastIndexOf('/'), 0));
  }
  return undefined;
}
