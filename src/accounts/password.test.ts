// cspell:disable
import { AppError } from '../errors.js';
import { checkPassword } from './password.js';

const ADA = { email: 'ada.king@analytical.example', name: 'Ada Lovelace' };

test.each([
  ['too short', 'ninechars'],
  ['too long', 'x'.repeat(129)],
  ['common', '1234567890'],
  ['common, in capitals', 'QWERTYUIOP'],
  ['common, in other forms of the same letters', 'ｑｗｅｒｔｙｕｉｏｐ'],
  ['common, with digits', 'password123'],
  ['the product’s name', 'GigaRouter'],
  ['the product’s name and a year', 'gigarouter2026'],
  ['the product’s name, twice', 'gigaroutergigarouter'],
  ['the person’s name', 'Ada Lovelace'],
  ['the person’s name, turned round', 'lovelaceada!'],
  ['the person’s address', 'ada.king@analytical.example'],
  ['a part of the address and digits', 'analytical1!'],
])('is refused: %s', (_name, password) => {
  expect(() => {
    checkPassword(password, ADA);
  }).toThrow(AppError);
});

test.each([
  'correct horse battery',
  'x'.repeat(10),
  'z'.repeat(128),
  'lovelace wrote programs',
  'пароль из слов',
  '🔑🔑🔑🔑🔑',
])('is accepted: %j', (password) => {
  checkPassword(password, ADA);
});

test('a person without a name, or with a short one, can have any other password', () => {
  checkPassword('correct horse battery', { email: 'a@b.c', name: '' });
  checkPassword('correct horse battery', { email: 'a@b.c', name: 'Al O' });
});
