import { isDatabaseOutage } from './database.js';

test.each(['ConnectionClosed', 'DatabaseNotReachable', 'SocketTimeout', 'TooManyConnections'])(
  'a driver adapter that says %s is an outage, wherever Prisma puts it',
  (kind) => {
    const adapterError = Object.assign(new Error(kind), { cause: { kind } });
    expect(isDatabaseOutage(adapterError)).toBe(true);
    expect(isDatabaseOutage({ code: 'P2010', meta: { driverAdapterError: adapterError } })).toBe(
      true,
    );
  },
);

test('a statement that PostgreSQL refused is none', () => {
  const cause = { kind: 'UniqueConstraintViolation', originalCode: '23505' };
  expect(isDatabaseOutage(Object.assign(new Error('twice'), { cause }))).toBe(false);
});
