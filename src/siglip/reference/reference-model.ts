import type { ModelConfig, TowerConfig } from '../model-config.js';
import { type BlocksNames, blockNames, type LinearNames, type TensorRef } from '../names.js';
import type { Weights } from '../weights.js';
import { activate, add, affine, attention, layerNorm, type Rows, rowsOf } from './float64.js';

/**
 * SigLIP's and CLIP's forward pass in float64, from a checkpoint's tensors, layer by layer: it holds the weights of one
 * at a time. Minutes for a model of a hundred million parameters: for checking, never for serving.
 */
export class ReferenceModel {
  /** @param onLayer called after each block */
  constructor(
    private readonly config: ModelConfig,
    private readonly weights: Weights,
    private readonly onLayer: () => void = () => undefined,
  ) {}

  /** @param pixels normalized, `[3, S, S]`. Not L2-normalized. */
  async embedImage(pixels: ArrayLike<number>): Promise<Float64Array> {
    const { vision, names } = this.config;
    const { vision: tensors } = names;
    let x = await this.patches(pixels);
    if (tensors.classToken) {
      const token = await this.tensor(tensors.classToken);
      x = rowsOf([...token, ...x.data], vision.width);
    }
    x = add(x, rowsOf(await this.tensor(tensors.positions), vision.width));
    if (tensors.normBefore !== undefined) x = await this.norm(vision, x, tensors.normBefore);
    x = await this.blocks(vision, x, tensors.blocks, false);
    const feature = tensors.pool
      ? await this.pool(await this.norm(vision, x, tensors.norm))
      : await this.norm(vision, rowsOf(x.data.subarray(0, x.width), x.width), tensors.norm);
    return this.projected(feature, tensors.projection);
  }

  /** @param ids exactly the context length. Not L2-normalized. */
  async embedText(ids: readonly number[]): Promise<Float64Array> {
    const { text, names } = this.config;
    const { text: tensors } = names;
    const looked: number[] = [];
    for (const id of ids) looked.push(...(await this.row(tensors.tokens, id)));
    let x = add(
      rowsOf(looked, text.width),
      rowsOf(await this.tensor(tensors.positions), text.width),
    );
    x = await this.blocks(text, x, tensors.blocks, text.causal);
    const at = text.pooling === 'last' ? ids.length - 1 : ids.indexOf(Math.max(...ids));
    const last = rowsOf(x.data.subarray(at * x.width, (at + 1) * x.width), x.width);
    return this.projected(await this.norm(text, last, tensors.norm), tensors.projection);
  }

  /** One row a patch; the convolution's stride is its size, so that each patch is one dot product. */
  private async patches(pixels: ArrayLike<number>): Promise<Rows> {
    const { vision, names } = this.config;
    const { imageSize, patchSize } = vision;
    const side = Math.floor(imageSize / patchSize);
    const inside: number[] = [];
    for (let patch = 0; patch < side * side; patch += 1) {
      const top = Math.floor(patch / side) * patchSize;
      const left = (patch % side) * patchSize;
      for (let channel = 0; channel < 3; channel += 1) {
        for (let y = top; y < top + patchSize; y += 1) {
          const row = (channel * imageSize + y) * imageSize;
          for (let x = left; x < left + patchSize; x += 1) inside.push(pixels[row + x] ?? NaN);
        }
      }
    }
    return this.linear(rowsOf(inside, 3 * patchSize ** 2), names.vision.patches);
  }

  private async blocks(
    tower: TowerConfig,
    embedded: Rows,
    blocks: BlocksNames,
    isCausal: boolean,
  ): Promise<Rows> {
    let x = embedded;
    for (let index = 0; index < tower.depth; index += 1) {
      const names = blockNames(blocks, index);
      const normed = await this.norm(tower, x, names.norm1);
      const [query, key, value] = [
        await this.linear(normed, names.query),
        await this.linear(normed, names.key),
        await this.linear(normed, names.value),
      ];
      const mixed = attention(query, key, value, { heads: tower.heads, isCausal });
      x = add(x, await this.linear(mixed, names.attentionOut));
      x = add(x, await this.mlp(tower, await this.norm(tower, x, names.norm2), names));
      this.onLayer();
    }
    return x;
  }

  /** A learned query attends to all patches; no residual goes around the attention itself. */
  private async pool(x: Rows): Promise<Rows> {
    const { vision, names } = this.config;
    const { pool } = names.vision;
    if (pool === undefined) throw new RangeError('There is no pool.');
    const probe = rowsOf(await this.tensor(pool.probe), vision.width);
    const [query, key, value] = [
      await this.linear(probe, pool.query),
      await this.linear(x, pool.key),
      await this.linear(x, pool.value),
    ];
    const mixed = attention(query, key, value, { heads: vision.heads, isCausal: false });
    const y = await this.linear(mixed, pool.out);
    return add(y, await this.mlp(vision, await this.norm(vision, y, pool.norm), pool));
  }

  private async mlp(
    { activation }: TowerConfig,
    x: Rows,
    { mlpUp, mlpDown }: { readonly mlpUp: LinearNames; readonly mlpDown: LinearNames },
  ): Promise<Rows> {
    return this.linear(activate(await this.linear(x, mlpUp), activation), mlpDown);
  }

  private async projected(x: Rows, names: LinearNames | undefined): Promise<Float64Array> {
    return (names === undefined ? x : await this.linear(x, names)).data;
  }

  private async linear(x: Rows, { weight, bias, transposed }: LinearNames): Promise<Rows> {
    const matrix = await this.tensor(weight);
    return affine(x, matrix, {
      bias: bias && (await this.tensor(bias)),
      isTransposed: transposed === true,
    });
  }

  private async norm({ layerNormEpsilon }: TowerConfig, x: Rows, name: string): Promise<Rows> {
    const gain = await this.tensor({ tensor: `${name}.weight` });
    const shift = await this.tensor({ tensor: `${name}.bias` });
    return layerNorm(x, gain, shift, layerNormEpsilon);
  }

  private async tensor({ tensor: name, part }: TensorRef): Promise<Float32Array> {
    const tensor = this.weights.get(name);
    const values = await this.weights.fileOf(tensor).read(tensor);
    if (part === undefined) return values;
    const length = values.length / part.of;
    return values.subarray(part.at * length, (part.at + 1) * length);
  }

  /** Of a table that may have a gigabyte. */
  private async row({ tensor: name }: TensorRef, index: number): Promise<Float32Array> {
    const tensor = this.weights.get(name);
    return this.weights.fileOf(tensor).readRow(tensor, index);
  }
}
