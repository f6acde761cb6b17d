import { MAIL_PROVIDERS } from './mail-providers.js';
import { plainEmail } from './mailbox.js';

test.each([
  // Case, spaces, tags, Unicode forms: everywhere.
  ['Ada@Example.org', 'ada@example.org'],
  [' ada+tag@example.org ', 'ada@example.org'],
  ['ada+a+b@example.org', 'ada@example.org'],
  ['ａｄａ@example.org', 'ada@example.org'],
  ['ada@example.org.', 'ada@example.org'],
  ['ada@mü.example', 'ada@xn--m-eha.example'],
  // Dots and hyphens are somebody else's elsewhere.
  ['a.da@example.org', 'a.da@example.org'],
  ['ada-x@example.org', 'ada-x@example.org'],
  ['a.da+x@outlook.com', 'a.da@outlook.com'],
  ['ada@hotmail.com', 'ada@hotmail.com'],
  // Gmail.
  ['A.d.a+promo@gmail.com', 'ada@gmail.com'],
  ['ada@googlemail.com', 'ada@gmail.com'],
  // iCloud.
  ['ada@me.com', 'ada@icloud.com'],
  ['ada+x@mac.com', 'ada@icloud.com'],
  ['a.da@icloud.com', 'a.da@icloud.com'],
  // Proton.
  ['a.d-a_x+y@protonmail.com', 'adax@proton.me'],
  ['adax@pm.me', 'adax@proton.me'],
  // Yahoo.
  ['ada-shop@yahoo.com', 'ada@yahoo.com'],
  ['ada-shop@ymail.com', 'ada@ymail.com'],
  ['ada@yahoo.fr', 'ada@yahoo.fr'],
  // Yandex.
  ['a.da@ya.ru', 'a-da@yandex.ru'],
  ['a-da@yandex.com', 'a-da@yandex.ru'],
  // Fastmail.
  ['anything@ada.fastmail.com', 'ada@fastmail.com'],
  ['ada+x@fastmail.com', 'ada@fastmail.com'],
  ['shop@ada.anonaddy.com', 'ada@anonaddy.com'],
  ['ada@sub.example.org', 'ada@sub.example.org'],
  // A mark at the start is part of the name.
  ['+ada@example.org', '+ada@example.org'],
  ['-ada@yahoo.com', '-ada@yahoo.com'],
])('%s is the mailbox %s', (email, plain) => {
  expect(plainEmail(email)).toBe(plain);
  // What is plain stays so.
  expect(plainEmail(plain)).toBe(plain);
});

test('each domain belongs to one provider, in lower case, and each provider names its sources', () => {
  const domains = MAIL_PROVIDERS.flatMap((provider) => provider.domains);
  expect(new Set(domains).size).toBe(domains.length);
  for (const { domains: own, sources } of MAIL_PROVIDERS) {
    for (const domain of own) expect(domain).toMatch(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/);
    for (const source of sources) expect(source).toMatch(/^https:\/\//);
  }
});
