import type { TestApp } from './app.js';
import { type Person, personOf, signUp } from './people.js';

/** A person who signed up, and is an operator now. @param server with the folder of its mails */
export async function newOperator(
  t: Pick<TestApp, 'app' | 'url'>,
  outboxDir: string,
  email = 'operator@example.org',
): Promise<Person> {
  const person = await signUp({ url: t.url, outboxDir }, email);
  await t.app.services.accounts.setOperator(email, true);
  return personOf(t.url, email, person.token);
}

/** Settings that write mails to a folder. */
export const mailTo = (outboxDir: string) => ({
  mail: { smtpUrl: undefined, from: 'test@localhost', outboxDir },
});
