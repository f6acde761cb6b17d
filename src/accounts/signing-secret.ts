import { randomBytes } from 'node:crypto';

/**
 * The secret that signs sessions and links in mails. Without a configured one it is random, so that neither outlives the
 * process: a server keeps one in its data folder, and commands sign nothing that lasts.
 */
export function signingSecret(configured: string | undefined): string {
  return configured ?? randomBytes(32).toString('base64url');
}
