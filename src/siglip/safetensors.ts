import { type FileHandle, open, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../errors.js';
import { toFloat32 } from './floats.js';
import { DTYPE_BYTES, parseHeader, type TensorInfo } from './safetensors-header.js';

/** The header of the 674 tensors of SigLIP SO400M has 76 kB; what is larger is not one of ours. */
const HEADER_BYTES_MAX = 16 * 2 ** 20;
const PIECE_BYTES = 8 * 2 ** 20;

/** A run of whole rows of one tensor: all elements that share a first index are one row. */
export interface Piece {
  readonly tensor: TensorInfo;
  /** Bytes from the start of the tensor. */
  readonly begin: number;
  /** At the start of a buffer of its own, which other threads can read; a later piece overwrites it. */
  readonly raw: Uint8Array;
}

/**
 * A safetensors file, read by position: never as a whole, so that its size does not matter (Node
 * refuses to read more than 2 GiB at once). Close it when done.
 */
export class SafetensorsFile {
  private readonly handle: FileHandle;
  readonly path: string;
  /** The length field and the JSON: all bytes before the data. */
  readonly head: Uint8Array;
  /** In the order of their data. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** Size of the file. */
  readonly bytes: number;

  private constructor(
    handle: FileHandle,
    { path, head, tensors, bytes }: Pick<SafetensorsFile, 'path' | 'head' | 'tensors' | 'bytes'>,
  ) {
    this.handle = handle;
    this.path = path;
    this.head = head;
    this.tensors = tensors;
    this.bytes = bytes;
  }

  /**
   * @throws AppError BAD_USER_INPUT when there is no such file, or its header is broken (see
   *   {@link parseHeader}); the message names the tensor and the fault
   */
  static async open(file: string): Promise<SafetensorsFile> {
    const name = path.basename(file);
    // Before it is opened: to open a named pipe waits until somebody writes.
    const found = await stat(file).catch(() => undefined);
    if (!found?.isFile()) throw new AppError('BAD_USER_INPUT', `There is no file ${name}.`);
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      const headerBytes = await readHeaderLength(handle, size);
      const head = new Uint8Array(8 + headerBytes);
      await fill(handle, head, 0);
      const listed = parseHeader(head.subarray(8), size - head.length);
      const tensors = new Map(listed.map((tensor) => [tensor.name, tensor]));
      return new SafetensorsFile(handle, { path: file, head, tensors, bytes: size });
    } catch (error) {
      await handle.close();
      if (!(error instanceof AppError)) throw error;
      throw new AppError(error.code, `${name}: ${error.message}`, { cause: error.cause });
    }
  }

  /** @throws AppError BAD_USER_INPUT when the file has no such tensor */
  get(name: string): TensorInfo {
    const tensor = this.tensors.get(name);
    if (tensor) return tensor;
    throw new AppError('BAD_USER_INPUT', `${path.basename(this.path)} has no tensor "${name}".`);
  }

  /** Reads one whole tensor: for small ones. Row-major. */
  async read(tensor: TensorInfo): Promise<Float32Array> {
    const raw = new Uint8Array(tensor.bytes);
    await this.fill(raw, tensor.offset, tensor);
    return toFloat32(tensor.dtype, raw);
  }

  /** Reads one index of a tensor's first dimension. @throws RangeError when it has no such */
  async readRow(tensor: TensorInfo, index: number): Promise<Float32Array> {
    const [rows = 0] = tensor.shape;
    if (!(index >= 0 && index < rows))
      throw new RangeError(`${tensor.name} has no row ${String(index)}.`);
    const raw = new Uint8Array(tensor.bytes / rows);
    await this.fill(raw, tensor.offset + index * raw.length, tensor);
    return toFloat32(tensor.dtype, raw);
  }

  /**
   * Reads tensors in the given order, in pieces of whole rows, 8 MiB at most (or one row, if that is
   * more). The next piece is read while the caller works on this one.
   *
   * @param options.valid how many pieces keep their bytes at the same time: 1 by default, the last
   * @throws AppError BAD_USER_INPUT when the file has become shorter meanwhile
   */
  async *pieces(
    tensors: Iterable<TensorInfo>,
    { valid = 1 }: { readonly valid?: number } = {},
  ): AsyncGenerator<Piece, void, undefined> {
    const cuts = cut(tensors);
    // One more than are valid: for the piece that is being read.
    const buffers = Array.from({ length: valid + 1 }, () => new SharedArrayBuffer(0));
    const readNext = async (): Promise<Piece | undefined> => {
      const next = cuts.next();
      if (next.done) return undefined;
      const { tensor, begin, bytes } = next.value;
      let buffer = buffers.shift();
      if (buffer === undefined || buffer.byteLength < bytes) {
        buffer = new SharedArrayBuffer(Math.max(bytes, Math.min(PIECE_BYTES, this.bytes)));
      }
      buffers.push(buffer);
      const raw = new Uint8Array(buffer, 0, bytes);
      await this.fill(raw, tensor.offset + begin, tensor);
      return { tensor, begin, raw };
    };
    let reading = readNext();
    try {
      for (let piece = await reading; piece; piece = await reading) {
        reading = readNext();
        yield piece;
      }
    } finally {
      // The caller may stop early; a read in the background must not outlive the file, nor fail unheard.
      await reading.catch(() => undefined);
    }
  }

  /** Safe to repeat. */
  async close(): Promise<void> {
    await this.handle.close();
  }

  private async fill(target: Uint8Array, offset: number, tensor: TensorInfo): Promise<void> {
    if (await fill(this.handle, target, offset)) return;
    const name = path.basename(this.path);
    throw new AppError('BAD_USER_INPUT', `${name}: tensor "${tensor.name}" is cut off.`);
  }
}

async function readHeaderLength(handle: FileHandle, fileBytes: number): Promise<number> {
  const length = new Uint8Array(8);
  const isThere = await fill(handle, length, 0);
  return headerLength(isThere ? length : new Uint8Array(), fileBytes);
}

/**
 * @param start the first 8 bytes of the file
 * @throws AppError BAD_USER_INPUT for a header that the file cannot have, or a larger one than any of ours
 */
export function headerLength(start: Uint8Array, fileBytes: number): number {
  if (start.length < 8) {
    throw new AppError('BAD_USER_INPUT', `${String(fileBytes)} bytes are not a safetensors file.`);
  }
  const headerBytes = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  if (headerBytes > BigInt(fileBytes - 8)) {
    throw new AppError(
      'BAD_USER_INPUT',
      `The safetensors header claims ${String(headerBytes)} bytes, but the file holds ${String(fileBytes)}: it is cut off, or no safetensors file.`,
    );
  }
  if (headerBytes > BigInt(HEADER_BYTES_MAX)) {
    throw new AppError(
      'BAD_USER_INPUT',
      `The safetensors header claims ${String(headerBytes)} bytes; the limit is ${String(HEADER_BYTES_MAX)}.`,
    );
  }
  return Number(headerBytes);
}

/** Fills `target` from `offset` on; false when the file ends before. */
async function fill(handle: FileHandle, target: Uint8Array, offset: number): Promise<boolean> {
  let done = 0;
  while (done < target.length) {
    const { bytesRead } = await handle.read(target, done, target.length - done, offset + done);
    if (bytesRead === 0) return false;
    done += bytesRead;
  }
  return true;
}

function* cut(
  tensors: Iterable<TensorInfo>,
): Generator<{ tensor: TensorInfo; begin: number; bytes: number }, undefined> {
  for (const tensor of tensors) {
    const rowBytes = tensor.bytes / Math.max(tensor.shape[0] ?? 1, 1);
    const rows = Math.max(
      1,
      Math.floor(PIECE_BYTES / Math.max(rowBytes, DTYPE_BYTES[tensor.dtype])),
    );
    for (let begin = 0; begin < tensor.bytes; begin += rows * rowBytes) {
      yield { tensor, begin, bytes: Math.min(rows * rowBytes, tensor.bytes - begin) };
    }
  }
  return undefined;
}
