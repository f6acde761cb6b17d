import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { DataLocation } from './onnx/proto.js';

/** Vector loads do not cross a cache line where a tensor begins on one. */
const ALIGNMENT_BYTES = 64;

/** A new file of tensors that graphs point into, written from front to back. */
export class DataFile {
  private readonly hash = createHash('sha256');
  private bytes = 0;

  private constructor(
    private readonly handle: FileHandle,
    private readonly fileName: string,
  ) {}

  /** @param fileName what the graphs call the file, wherever `path` has it for now */
  static async create(path: string, fileName: string): Promise<DataFile> {
    return new DataFile(await open(path, 'wx'), fileName);
  }

  /** Appends a tensor, at a multiple of 64 bytes. */
  async append(bytes: Uint8Array): Promise<DataLocation> {
    const padding = -this.bytes & (ALIGNMENT_BYTES - 1);
    if (padding > 0) await this.write(new Uint8Array(padding));
    const offset = this.bytes;
    await this.write(bytes);
    return { file: this.fileName, offset, bytes: bytes.length };
  }

  /** Waits until all is on the disk. The SHA-256 is in hex. */
  async finish(): Promise<{ file: string; bytes: number; sha256: string }> {
    await this.handle.sync();
    return { file: this.fileName, bytes: this.bytes, sha256: this.hash.digest('hex') };
  }

  /** Safe to repeat. */
  async close(): Promise<void> {
    await this.handle.close();
  }

  private async write(bytes: Uint8Array): Promise<void> {
    await this.handle.writeFile(bytes);
    this.hash.update(bytes);
    this.bytes += bytes.length;
  }
}
