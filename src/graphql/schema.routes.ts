import type { FastifyInstance } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import { AppError } from '../errors.js';
import { StaticAnswer } from '../http/static-answer.js';
import { printWithDirectives } from './directives.js';

const MAX_AGE_S = 300;

/** Serves the schema as SDL at `/schema.graphql`, where introspection is on. */
export function registerSchema(
  app: FastifyInstance,
  { schema, introspection }: { schema: GraphQLSchema; introspection: boolean },
): void {
  const sdl = new StaticAnswer(introspection ? `${printWithDirectives(schema)}\n` : '', {
    contentType: 'application/graphql; charset=utf-8',
    maxAgeS: MAX_AGE_S,
  });
  app.get('/schema.graphql', (request, reply) => {
    if (introspection) return sdl.send(request, reply);
    throw new AppError(
      'NOT_FOUND',
      'Introspection is disabled on this server, so its schema is not published. The operator can enable it with INTROSPECTION=true.',
    );
  });
}
