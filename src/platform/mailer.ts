import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createTransport } from 'nodemailer';
import { orDiskFull } from './disk-full.js';
import { type DeliveryId, newId } from './ids.js';

export interface Mail {
  /**
   * Names the mail, so that it is the same one when it is sent again: its Message-ID, and its file in the
   * outbox, are made from this. Left out: each sending is a mail of its own.
   */
  readonly id?: DeliveryId | undefined;
  readonly to: string;
  readonly subject: string;
  /** Plain text; links on lines of their own. */
  readonly text: string;
}

export interface Mailer {
  /** Resolves when the mail server, or the folder, has it. @throws AppError INSUFFICIENT_STORAGE of the folder */
  send(mail: Mail): Promise<void>;
}

/** For all of a mail, as the mail server takes it. */
const SEND_MS = 30_000;

/**
 * Sends over SMTP; without a server, writes each mail to `outboxDir` as a file that any mail program opens.
 * @param options `smtpUrl` as `smtps://user:password@host`; `from` as `Name <address>`; `timeoutMs` of a mail over SMTP
 */
export function createMailer(options: {
  smtpUrl: string | undefined;
  from: string;
  outboxDir: string;
  timeoutMs?: number;
}): Mailer {
  const { smtpUrl, from, outboxDir, timeoutMs = SEND_MS } = options;
  if (smtpUrl !== undefined) {
    const timeouts = { connectionTimeout: 5_000, greetingTimeout: 5_000, socketTimeout: 10_000 };
    const transport = createTransport({ url: smtpUrl, ...timeouts }, { from });
    return {
      send: async (mail) => {
        await within(timeoutMs, transport.sendMail(named(mail, from)));
      },
    };
  }
  const transport = createTransport({ streamTransport: true, buffer: true }, { from });
  return {
    send: async (mail) => {
      const { message } = await transport.sendMail(named(mail, from));
      await mkdir(outboxDir, { recursive: true, mode: 0o700 });
      const file = path.join(outboxDir, `${mail.id ?? newId('mail')}.eml`);
      // Whole or not there, whenever the process dies; several processes may write the same one.
      const draft = `${file}.${newId('mail')}`;
      try {
        await writeFile(draft, message, { mode: 0o600 });
        await rename(draft, file);
      } catch (error) {
        await rm(draft, { force: true });
        throw orDiskFull(error);
      }
    },
  };
}

/** nodemailer never answers at all when some mail servers hang up on it: whoever waits is told all the same. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`The mail server did not take the mail within ${String(ms)} ms.`));
    }, ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** With a Message-ID made from the mail's id, at the sender's domain. */
function named({ id, ...mail }: Mail, from: string): Omit<Mail, 'id'> & { messageId?: string } {
  if (id === undefined) return mail;
  const domain = /@([^\s>]+)/.exec(from)?.[1] ?? 'localhost';
  return { ...mail, messageId: `<${id}@${domain}>` };
}
