// Asks Prisma's own schema engine about the database at argv[2], and prints as JSON what it says:
// `sql`, which would bring it to what prisma/schema.prisma says, and `history`, what it makes of the
// migrations that were applied. A program of its own: jest cannot load the engine, which is
// WebAssembly behind an ES module.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import * as glue from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';

const PRISMA_DIR = path.resolve(import.meta.dirname, '../../prisma');
const SCHEMA_FILE = path.join(PRISMA_DIR, 'schema.prisma');
const MIGRATIONS_DIR = path.join(PRISMA_DIR, 'migrations');
const filters = { externalTables: [], externalEnums: [] };

/**
 * The engine reads three columns of the system catalog that are of PostgreSQL's type "char", and
 * Prisma's adapter does not know that type: they are read as text, and handed on as what they are.
 */
class Adapter extends PrismaPg {
  async connect() {
    const connection = await super.connect();
    const queryRaw = connection.queryRaw.bind(connection);
    connection.queryRaw = async (query) => {
      const sql = query.sql.replaceAll(
        /\bcon(str)?\.con(type(?= AS)|(fdel|fupd)type(?=,))/g,
        '$&::text',
      );
      const result = await queryRaw({ ...query, sql });
      for (const [column, name] of result.columnNames.entries()) {
        if (['constraint_type', 'confdeltype', 'confupdtype'].includes(name)) {
          result.columnTypes[column] = ColumnTypeEnum.Character;
        }
      }
      return result;
    };
    return connection;
  }
}

/** By hand: the package's own entry imports its .wasm file, which Node does only when told to. */
async function loadEngine() {
  const file = fileURLToPath(import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg'));
  const wasm = await readFile(file.replace(/\.js$/, '.wasm'));
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': glue });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return glue.SchemaEngine;
}

async function readMigrations() {
  const entries = await readdir(MIGRATIONS_DIR, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(
    names.sort().map(async (name) => {
      const value = await readFile(path.join(MIGRATIONS_DIR, name, 'migration.sql'), 'utf8');
      return {
        path: name,
        migrationFile: { path: 'migration.sql', content: { tag: 'ok', value } },
      };
    }),
  );
}

const pool = new pg.Pool({ connectionString: process.argv[2] });
const content = await readFile(SCHEMA_FILE, 'utf8');
const files = [{ path: SCHEMA_FILE, content }];
const SchemaEngine = await loadEngine();
const engine = await SchemaEngine.new(
  { datamodels: [[SCHEMA_FILE, content]] },
  () => undefined,
  bindMigrationAwareSqlAdapterFactory(new Adapter(pool)),
);
const { stdout: sql } = await engine.diff({
  from: { tag: 'schemaDatasource', files, configDir: PRISMA_DIR },
  to: { tag: 'schemaDatamodel', files },
  script: true,
  exitCode: null,
  filters,
});
const history = await engine.diagnoseMigrationHistory({
  migrationsList: {
    baseDir: MIGRATIONS_DIR,
    lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"' },
    shadowDbInitScript: '',
    migrationDirectories: await readMigrations(),
  },
  optInToShadowDatabase: false,
  filters,
});
process.stdout.write(JSON.stringify({ sql, history }));
await pool.end();
