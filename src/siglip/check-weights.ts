import path from 'node:path';
import { AppError } from '../errors.js';
import { findNonFinite } from './floats.js';
import { HashThread } from './hash-thread.js';
import { startProgress, type StepOptions } from './progress.js';
import type { Piece, SafetensorsFile } from './safetensors.js';
import { DTYPE_BYTES } from './safetensors-header.js';
import type { Weights } from './weights.js';

/** Pieces that lie ready for the hash, 5 ms each: it never waits for this thread, which writes graphs as well. */
const PIECES_AHEAD = 4;

/**
 * Reads all weights once: refuses NaN and infinity, and returns the SHA-256 of each whole file in hex, by its name.
 * Another thread hashes, and takes twice as long as all the rest (3.5 GB: 2 s). Files in `knownSha256`, just downloaded
 * and verified, are not hashed again.
 *
 * @throws AppError BAD_USER_INPUT that names the tensor
 */
export async function checkWeights(
  { files }: Weights,
  {
    knownSha256,
    ...options
  }: StepOptions & { readonly knownSha256?: ReadonlyMap<string, string> | undefined },
): Promise<ReadonlyMap<string, string>> {
  const bytes = files.reduce((total, file) => total + file.bytes, 0);
  const progress = startProgress('check', bytes, options);
  const hashes = new Map<string, string>();
  for (const file of files) {
    const name = path.basename(file.path);
    hashes.set(name, await checkFile(file, knownSha256?.get(name), progress));
  }
  return hashes;
}

async function checkFile(
  file: SafetensorsFile,
  knownSha256: string | undefined,
  progress: (bytes: number) => void,
): Promise<string> {
  if (knownSha256 !== undefined) {
    await checkPieces(file, progress, () => Promise.resolve());
    return knownSha256;
  }
  const hash = new HashThread();
  try {
    await checkPieces(file, progress, (bytes) => hash.update(bytes));
    return await hash.digest();
  } finally {
    await hash.stop();
  }
}

/** @param hash takes all bytes of the file in their order; resolves when their memory may be used again */
async function checkPieces(
  weights: SafetensorsFile,
  progress: (bytes: number) => void,
  hash: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const hashing: Promise<void>[] = [];
  const add = (bytes: Uint8Array): void => {
    const hashed = hash(bytes);
    // Awaited below; a thread that dies meanwhile must not be a rejection that nobody handles.
    hashed.catch(() => undefined);
    hashing.push(hashed);
    progress(bytes.length);
  };
  add(weights.head);
  // The tensors lie one behind the other up to the end of the file: their pieces are its bytes.
  for await (const piece of weights.pieces(weights.tensors.values(), { valid: PIECES_AHEAD + 1 })) {
    add(piece.raw);
    checkFinite(weights, piece);
    if (hashing.length > PIECES_AHEAD) await hashing.shift();
  }
  await Promise.all(hashing);
}

function checkFinite(weights: SafetensorsFile, { tensor, begin, raw }: Piece): void {
  const bad = findNonFinite(tensor.dtype, raw);
  if (bad < 0) return;
  const index = begin / DTYPE_BYTES[tensor.dtype] + bad;
  throw new AppError(
    'BAD_USER_INPUT',
    `${path.basename(weights.path)}: tensor "${tensor.name}" is not finite at element ${String(index)}.`,
  );
}
