import type { TestApp } from './app.js';
import { type Person, signUp } from './people.js';

/** Somebody who has signed up, and runs the platform. */
export async function newOperator(
  { app, url }: Pick<TestApp, 'app' | 'url'>,
  outboxDir: string,
  email = 'operator@example.org',
): Promise<Person> {
  const person = await signUp({ url, outboxDir }, email);
  await app.services.accounts.setOperator(email, true);
  return person;
}

/** Mails are written to a folder. */
export const mailTo = (outboxDir: string) => ({
  mail: { smtpUrl: undefined, from: 'test@localhost', outboxDir },
});
