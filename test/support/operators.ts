import { errorOf, postGraphQL, type TestApp } from './app.js';
import { PASSWORD, type Person, signUp } from './people.js';
import { bearer } from './platform.js';

const CONFIRM =
  'mutation ($password: String!) { confirmIdentity(input: { password: $password }) { userErrors { code message path details } } }';

/** Who asks at the operators' endpoint, and confirms that it is still them whenever they are asked, as a console does. */
export function operatorOf(person: Person): Person {
  const { url, token } = person;
  const ask: Person['gql'] = (query, variables) =>
    postGraphQL(url, { query, variables }, bearer(token), null, '/graphql/operator');
  return {
    ...person,
    gql: async (query, variables) => {
      const answer = await ask(query, variables);
      if (errorOf(answer)?.stepUp !== 'PASSWORD') return answer;
      await ask(CONFIRM, { password: PASSWORD });
      return ask(query, variables);
    },
  };
}

/** Somebody who has signed up, and runs the platform. */
export async function newOperator(
  { app, url }: Pick<TestApp, 'app' | 'url'>,
  outboxDir: string,
  email = 'operator@example.org',
): Promise<Person> {
  const person = await signUp({ url, outboxDir }, email);
  await app.services.accounts.setOperator(email, true);
  return operatorOf(person);
}

/** Mails are written to a folder. */
export const mailTo = (outboxDir: string) => ({
  mail: { smtpUrl: undefined, from: 'test@localhost', outboxDir },
});
