import { Extensions } from 'type-graphql';
import { AppError } from '../errors.js';
import type { Actor, Scope } from '../platform/actor.js';

export interface Access {
  scope: Scope;
  /** How long shared caches may keep the answer, in seconds; left out: not at all. */
  cacheMaxAgeS?: number;
}

/** States who may call a root field; the schema does not build without it (schema-walk). */
export function Access(access: Access): MethodDecorator & PropertyDecorator {
  return Extensions({ access });
}

/** @throws AppError UNAUTHENTICATED when nobody is signed in, FORBIDDEN when the caller lacks the scope */
export function requireScope(actor: Actor, scope: Scope): void {
  if (actor.scopes.has(scope)) return;
  if (actor.accountId === undefined) {
    throw new AppError(
      'UNAUTHENTICATED',
      'This needs an API key or a session: send "authorization: Bearer …".',
    );
  }
  throw new AppError(
    'FORBIDDEN',
    `This needs the scope "${scope}", which the caller does not have.`,
    {
      details: { scope },
    },
  );
}
