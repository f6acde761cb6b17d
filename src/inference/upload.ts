import type { UploadId } from '../platform/ids.js';

/** An image file that an account has sent ahead of its calls. */
export interface Upload {
  readonly id: UploadId;
  readonly bytes: number;
  /** By what the file begins with, as "image/png". */
  readonly mediaType: string;
  readonly createdAt: Date;
  /** From then on it is gone. */
  readonly expiresAt: Date;
}
