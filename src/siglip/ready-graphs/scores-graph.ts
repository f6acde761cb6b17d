import type { Scoring } from '../checkpoint.js';
import { DATA_TYPES } from '../onnx/proto.js';
import type { OnnxFile } from './onnx-file.js';
import { adopt, builder, fault, partOf, type Place } from './tower-graph.js';

const LOGITS = 'logits_per_image';
/** Of the two vectors that are scored: any that ONNX can normalize. */
const WIDTH = 2;

/**
 * The end of a graph alone, which makes scores of embeddings: two texts, one like the image and one at right angles to
 * it, so that `scale · cosine + bias` is `scale + bias` and `bias`. It has an input that is not read, as graphs here
 * have one.
 *
 * @returns undefined where a file computes no scores
 * @throws AppError BAD_USER_INPUT for scores that depend on more than the embeddings
 */
export async function scoresGraph(file: OnnxFile, place: Place): Promise<Uint8Array | undefined> {
  const outputs = new Set(file.outputs.map(({ name }) => name));
  if (![LOGITS, 'image_embeds', 'text_embeds'].every((name) => outputs.has(name))) return undefined;
  const graph = builder(file);
  const given = {
    image_embeds: { rows: 1, values: [1, 0] },
    text_embeds: { rows: 2, values: [1, 0, 0, 1] },
  } as const;
  const names = new Map<string, string>();
  for (const [name, { rows, values }] of Object.entries(given)) {
    const shape = graph.integers([rows, WIDTH]);
    const value = graph.node('Reshape', [graph.floats(values), shape]);
    names.set(name, value);
    // In half precision, the embedding itself is a value before the output, which is what scores are made of.
    const { inputs, operator } = file.nodes.find((node) => node.outputs[0] === name) ?? {};
    const [before] = inputs ?? [];
    if (operator === 'Cast' && before !== undefined) {
      names.set(before, graph.node('Cast', [value], { to: { int: DATA_TYPES.float16 } }));
    }
  }
  const part = partOf(file, LOGITS, new Set(names.keys()));
  if (part.inputs.length > 0) {
    throw fault(
      file,
      `computes ${LOGITS} from ${part.inputs.join(', ')}, not from embeddings alone`,
    );
  }
  names.set(LOGITS, `ready/${LOGITS}`);
  await adopt(graph, file, part, { names, place });
  const type = file.outputs.find(({ name }) => name === LOGITS)?.type;
  const logits = `ready/${LOGITS}`;
  graph.output(
    type === DATA_TYPES.float32 ? logits : graph.node('Cast', [logits], { to: { int: 1 } }),
    LOGITS,
  );
  return graph.finish(
    'scores',
    [{ name: 'pixel_values', type: 'uint8', shape: [1] }],
    [{ name: LOGITS, type: 'float32', shape: [1, 2] }],
  );
}

/** @param logits what {@link scoresGraph} computes @throws AppError BAD_USER_INPUT */
export function scoringOf(file: OnnxFile, logits: ArrayLike<number>): Scoring {
  const [both = NaN, logitBias = NaN] = Array.from(logits);
  const logitScale = both - logitBias;
  if (logits.length === 2 && logitScale > 0 && logitScale < 1e6 && Math.abs(logitBias) < 1e6) {
    return { logitScale, logitBias };
  }
  throw fault(
    file,
    `computes scores of a scale of ${String(logitScale)} and a bias of ${String(logitBias)}, which are none`,
  );
}
