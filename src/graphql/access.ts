import { Extensions } from 'type-graphql';
import type { Scope } from '../platform/actor.js';

export interface Access {
  scope: Scope;
  /** How long shared caches may keep the answer, in seconds; left out: not at all. */
  cacheMaxAgeS?: number;
}

/** States who may call a root field; the schema does not build without it (schema-walk). */
export function Access(access: Access): MethodDecorator & PropertyDecorator {
  return Extensions({ access });
}
