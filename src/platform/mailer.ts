import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createTransport } from 'nodemailer';
import { newId } from './ids.js';

export interface Mail {
  readonly to: string;
  readonly subject: string;
  /** Plain text; links on lines of their own. */
  readonly text: string;
}

export interface Mailer {
  /** Resolves when the mail server, or the folder, has it. */
  send(mail: Mail): Promise<void>;
}

/**
 * Sends over SMTP; without a server, writes each mail to `outboxDir` as a file that any mail program opens.
 * @param options `smtpUrl` as `smtps://user:password@host`; `from` as `Name <address>`
 */
export function createMailer(options: {
  smtpUrl: string | undefined;
  from: string;
  outboxDir: string;
}): Mailer {
  const { smtpUrl, from, outboxDir } = options;
  if (smtpUrl !== undefined) {
    const timeouts = { connectionTimeout: 5_000, greetingTimeout: 5_000, socketTimeout: 10_000 };
    const transport = createTransport({ url: smtpUrl, ...timeouts }, { from });
    return {
      send: async (mail) => {
        await transport.sendMail(mail);
      },
    };
  }
  const transport = createTransport({ streamTransport: true, buffer: true }, { from });
  return {
    send: async (mail) => {
      const { message } = await transport.sendMail(mail);
      await mkdir(outboxDir, { recursive: true, mode: 0o700 });
      await writeFile(path.join(outboxDir, `${newId('mail')}.eml`), message, { mode: 0o600 });
    },
  };
}
