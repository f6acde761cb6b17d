import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readConfig } from './config.js';
import { demoKeyFile, refuseUnsafeProduction } from './production.js';

const dataDir = mkdtempSync(path.join(tmpdir(), 'gigarouter-'));
afterAll(() => {
  rmSync(dataDir, { recursive: true });
});

const start = (env: Record<string, string>) => () => {
  refuseUnsafeProduction(readConfig({ DATA_DIR: dataDir, ...env }));
};
const SECRETS = {
  AUTH_SECRET: 'x'.repeat(32),
  STRIPE_SECRET_KEY: 'sk_test_1',
  STRIPE_WEBHOOK_SECRETS: 'whsec_1',
};

test('development needs nothing', () => {
  expect(start({})).not.toThrow();
  expect(start({ PUBLIC_URL: 'http://models.example.org' })).not.toThrow();
});

describe.each([{ NODE_ENV: 'production' }, { PUBLIC_URL: 'https://models.example.org' }])(
  '%j',
  (why) => {
    test('is refused with every setting that is missing, at once', () => {
      expect(start(why)).toThrow(/AUTH_SECRET/);
      expect(start(why)).toThrow(/STRIPE_SECRET_KEY.*ALLOW_STRIPE_DOUBLE/);
      expect(start(why)).toThrow(Object.keys(why)[0]);
    });

    test('is taken with real payments and a secret, or with the double asked for by name', () => {
      expect(start({ ...why, ...SECRETS })).not.toThrow();
      const { AUTH_SECRET } = SECRETS;
      expect(start({ ...why, AUTH_SECRET, ALLOW_STRIPE_DOUBLE: 'true' })).not.toThrow();
      expect(start({ ...why, AUTH_SECRET })).toThrow(/STRIPE_SECRET_KEY/);
      expect(start({ ...why, ...SECRETS, AUTH_SECRET: '' })).toThrow(/AUTH_SECRET/);
    });

    test('is refused while the key of the demo account lies there', () => {
      const file = demoKeyFile({ dataDir });
      writeFileSync(file, 'gr-demo');
      expect(start({ ...why, ...SECRETS })).toThrow(/demo --revoke-key/);
      expect(start({ ...why, ...SECRETS })).not.toThrow(/gr-demo/);
      expect(start({ ...why, ...SECRETS, ALLOW_DEMO_KEY: 'true' })).not.toThrow();
      rmSync(file);
    });
  },
);
