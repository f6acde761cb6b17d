import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createTestDatabase } from '../support/database.js';
import { temporaryFolder } from '../support/folder.js';
import { freePort } from '../support/port.js';
import { until } from '../support/process.js';

test('a server whose log and terminal cannot be written any more serves on, and stops when it is told', async () => {
  const database = await createTestDatabase();
  const folder = temporaryFolder();
  const port = await freePort();
  // Each write to it fails with ENOSPC, as on a disk that is full.
  const full = openSync('/dev/full', 'w');
  const server = spawn(process.execPath, ['dist/main.js'], {
    env: {
      PATH: process.env.PATH ?? '',
      DATABASE_URL: database.url,
      DATA_DIR: folder.path,
      PREDICTOR_URL: 'http://127.0.0.1:1',
      PORT: String(port),
      STRIPE_DOUBLE_PORT: '0',
    },
    stdio: ['ignore', full, full],
  });
  closeSync(full);
  const ended = new Promise((resolve) => server.once('exit', resolve));
  try {
    const ask = () => fetch(`http://127.0.0.1:${String(port)}/healthz`).catch(() => undefined);
    await until('the server', ask);
    // Each is a line of its log.
    for (let call = 0; call < 20; call += 1) expect((await ask())?.status).toBe(200);
    expect(server.exitCode).toBeNull();
    server.kill('SIGTERM');
    expect(await ended).toBe(0);
  } finally {
    server.kill('SIGKILL');
    await ended;
    await database.drop();
    folder.remove();
  }
});
