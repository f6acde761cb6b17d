import type { FindNode } from '../graphql/node.resolver.js';
import { isUserId } from '../platform/ids.js';
import type { LoadUser } from './user.loaders.js';

/** For `node(id)`: a user whom the caller may see. */
export function userNode(loadUser: LoadUser): FindNode {
  return async (id, context) => (isUserId(id) ? loadUser(context, id) : null);
}
