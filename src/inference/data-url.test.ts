import { decodeDataUrl, decodeForgiving, isDataUrlOfImage } from './data-url.js';

const BYTES = Buffer.from([0xfb, 0xff, 0xfe, 0x00, 0x41, 0x3f, 0xbe]);
const BASE64 = BYTES.toString('base64'); // +//+AEE/vg==

describe('base64', () => {
  test.each([
    BASE64,
    BASE64.replace(/=+$/, ''),
    BYTES.toString('base64url'),
    `${BYTES.toString('base64url')}==`,
    ` ${BASE64}\n`,
    BASE64.replace(/(.{4})/g, '$1\r\n'),
    BASE64.split('').join(' \t'),
    BASE64.replace('vg==', 'vh=='),
  ])('%j is read as browsers read it', (text) => {
    expect(decodeForgiving(text)).toEqual(BYTES);
  });

  test.each(['!', 'AAAA!', 'A', 'AAAAA', 'AA=A', 'AA===', '=', 'AAé', 'AA\u00a0'])(
    '%j is refused',
    (text) => {
      expect(text === '=' ? decodeForgiving(text)?.length : decodeForgiving(text)).toBe(
        text === '=' ? 0 : undefined,
      );
    },
  );
});

describe('data: URLs', () => {
  test.each([
    `data:image/png;base64,${BASE64}`,
    `DATA:IMAGE/PNG;BASE64,${BASE64}`,
    `data:;base64,${BASE64}`,
    `data:text/plain;base64,${BASE64}`,
    `data:image/svg+xml;charset=utf-8;base64,${BASE64}`,
    `data:image/png;name=a%20b.png; base64 ,${BASE64}`,
    `data:image/png;base64,${BASE64.replace(/(.{4})/g, '$1\n')}`,
    `data:image/png;base64,${encodeURIComponent(BASE64)}`,
    `data:image/png;base64,${BYTES.toString('base64url')}`,
    `  data:image/png;base64,${BASE64}#fragment`,
    'data:image/png,%FB%ff%fe%00A?%BE',
    'data:,%FB%FF%FE%00%41%3F%BE',
  ])('%j is read', (url) => {
    expect(decodeDataUrl(url)).toEqual(BYTES);
  });

  test.each([
    ['data:,100%', '100%'],
    ['data:,%zz%4', '%zz%4'],
    ['data:text/plain,é', 'é'],
  ])('what is no percent code in %j stays', (url, text) => {
    expect(decodeDataUrl(url)?.toString()).toBe(text);
  });

  test.each(['data:image/png;base64', 'data:image/png;base64,!', 'https://a.test', '', 'data'])(
    '%j is refused',
    (url) => {
      expect(decodeDataUrl(url)).toBeUndefined();
    },
  );

  test('an image is told from a text that begins with "data:"', () => {
    expect(isDataUrlOfImage(`data:;base64,${BASE64}`)).toBe(true);
    expect(isDataUrlOfImage('data:image/png,%89PNG')).toBe(true);
    expect(isDataUrlOfImage('Data: the new oil, they say')).toBe(false);
    expect(isDataUrlOfImage('data: base64, explained')).toBe(false);
  });
});
