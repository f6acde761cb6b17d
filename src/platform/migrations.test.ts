import { refuseOldServer } from './migrations.js';

test.each([180_000, 180_004, 190_000])('PostgreSQL %i is accepted', (version) => {
  expect(() => {
    refuseOldServer(version);
  }).not.toThrow();
});

test.each([
  [170_009, '17.9'],
  [150_000, '15.0'],
])('PostgreSQL %i is refused before anything is changed', (version, name) => {
  expect(() => {
    refuseOldServer(version);
  }).toThrow(`PostgreSQL ${name}`);
});
