import type { AccountId, UploadId } from '../platform/ids.js';

/** What an image may be sent for; all the same to us. */
export const IMAGE_PURPOSES = ['vision', 'user_data', 'assistants'] as const;

/** What a file is for. `batch_output` is what we write ourselves. */
export type UploadPurpose = (typeof IMAGE_PURPOSES)[number] | 'batch' | 'batch_output';

/** A file of an account: an image or a batch that was sent ahead of calls, or what came of a batch. */
export interface Upload {
  readonly id: UploadId;
  readonly bytes: number;
  /** By what the file begins with, as "image/png"; a batch is "application/jsonl". */
  readonly mediaType: string;
  readonly purpose: UploadPurpose;
  /** As its sender calls it. */
  readonly filename: string;
  readonly createdAt: Date;
  /** From then on it is gone. */
  readonly expiresAt: Date;
}

export type OwnedUpload = Upload & { readonly accountId: AccountId };

export interface UploadQuery {
  readonly first: number;
  /** Id of the file before. */
  readonly after?: string | undefined;
  readonly purpose?: string | undefined;
  readonly order: 'asc' | 'desc';
}

/** Of a batch’s file. */
export const JSONL_BYTES_MAX = 100 * 2 ** 20;
export const JSONL_LINES_MAX = 50_000;
export const JSONL = 'application/jsonl';
