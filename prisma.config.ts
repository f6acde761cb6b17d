import path from 'node:path';
import { defineConfig } from 'prisma/config';

// Prisma's command line downloads a schema engine before it does anything. `generate`, `validate`
// and `format` do not need one (they are WebAssembly). The stand-in refuses everything else, because
// with a silent one `migrate diff` and `db push` report success having done nothing.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= path.resolve(
  import.meta.dirname,
  'prisma/no-schema-engine.mjs',
);

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
});
