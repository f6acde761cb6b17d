import { createHmac } from 'node:crypto';
import { type Browser, browserOf, PASSWORD, signInBrowser } from './people.js';

/** An authenticator app (RFC 6238), set up with what the server shows. */
export interface Authenticator {
  readonly recoveryCodes: readonly string[];
  /** A code that was not given before, two in half a minute: both are valid for at least that long. */
  code(): string;
}

const PERIOD_MS = 30_000;

/** @param uri `otpauth://…` */
function authenticatorOf(uri: string, recoveryCodes: readonly string[]): Authenticator {
  const secret = base32(new URL(uri).searchParams.get('secret') ?? '');
  let given = 0;
  return {
    recoveryCodes,
    code: () => {
      const now = Math.floor(Date.now() / PERIOD_MS);
      given = Math.max(given + 1, now);
      if (given > now + 1) throw new Error('More than two codes in half a minute.');
      return hotp(secret, given);
    },
  };
}

function hotp(secret: Buffer, counter: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(counter));
  const hash = createHmac('sha1', secret).update(bytes).digest();
  const at = (hash.at(-1) ?? 0) & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

function base32(text: string): Buffer {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = Array.from(text.replace(/=+$/, ''))
    .map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
}

/** Sets up a second factor in a new browser of a person. @param origin of the server's own pages */
export async function setUpSecondFactor(
  url: string,
  email: string,
  origin = url,
): Promise<{ browser: Browser; app: Authenticator }> {
  const first = await signInBrowser(url, email, { origin });
  const enabled = await first.send('/api/auth/two-factor/enable', {
    method: 'POST',
    body: { password: PASSWORD },
  });
  const { totpURI, backupCodes } = (await enabled.json()) as {
    totpURI: string;
    backupCodes: string[];
  };
  const app = authenticatorOf(totpURI, backupCodes);
  const verified = await first.send('/api/auth/two-factor/verify-totp', {
    method: 'POST',
    body: { code: app.code() },
  });
  if (verified.status !== 200) throw new Error(await verified.text());
  return { browser: browserOf(url, verified, origin), app };
}
