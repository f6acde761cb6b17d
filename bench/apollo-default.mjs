// The yardstick: the same schema and HTTP layer under Apollo Server's default settings.
import 'reflect-metadata';
import { ApolloServer } from '@apollo/server';
import fastifyApollo from '@as-integrations/fastify';
import { fastify } from 'fastify';
import { createPrintableSchema } from '../dist/app/resolvers.js';

const apollo = new ApolloServer({ schema: createPrintableSchema() });
await apollo.start();
const server = fastify();
await server.register(fastifyApollo(apollo));
await server.listen({ port: 0, host: '127.0.0.1' });
process.send({ url: `http://127.0.0.1:${server.server.address().port}` });
process.on('disconnect', () => process.exit());
