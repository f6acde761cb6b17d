// cspell:ignore EPSF ftypheic ftypisom isomiso Efmt ftypmif miafavif ftypavif
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { detectFormat } from './image-format.js';

const FIXTURES = path.resolve(import.meta.dirname, '../../test/fixtures/images');
const FORMATS: Record<string, string> = {
  '.jpg': 'jpeg',
  '.png': 'png',
  '.webp': 'webp',
  '.gif': 'gif',
  '.avif': 'avif',
  '.tif': 'tiff',
};
const images = readdirSync(FIXTURES).filter((file) => !file.endsWith('.json'));

test.each(images)('%s is known by its bytes', (file) => {
  expect(detectFormat(readFileSync(path.join(FIXTURES, file)))).toBe(FORMATS[path.extname(file)]);
});

test.each<[string, string]>([
  ['nothing', ''],
  ['SVG', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
  ['PDF', '%PDF-1.7\n'],
  ['PostScript', '%!PS-Adobe-3.0 EPSF-3.0\n'],
  ['BMP', 'BM\x36\0\0\0\0\0\0\0\x36\0\0\0'],
  ['an icon', '\0\0\x01\0\x01\0\x10\x10\0\0\x01\0\x20\0'],
  ['HEIC', '\0\0\0\x18ftypheic\0\0\0\0mif1heic'],
  ['MP4', '\0\0\0\x18ftypisom\0\0\x02\0isomiso2'],
  ['JPEG 2000', '\0\0\0\x0cjP  \r\n\x87\n'],
  ['JPEG XL', '\xff\x0a\xfa\x1f'],
  ['Photoshop', '8BPS\0\x01\0\0\0\0\0\0'],
  ['FITS', 'SIMPLE  =                    T'],
  ['a WAV file', 'RIFF\x24\0\0\0WAVEfmt '],
  ['an ftyp box that ends early', '\0\0\0\x08ftypavif'.slice(0, 8)],
  ['a brand beyond the ftyp box', '\0\0\0\x10ftypmif1\0\0\0\0avif'],
  ['a format behind another text', ' \x89PNG\r\n\x1a\n'],
])('%s is none of the formats', (_, text) => {
  expect(detectFormat(Buffer.from(text, 'latin1'))).toBeUndefined();
});

test('AVIF may be a compatible brand only', () => {
  const bytes = Buffer.from('\0\0\0\x18ftypmif1\0\0\0\0miafavif', 'latin1');
  expect(detectFormat(bytes)).toBe('avif');
});

test('any bytes have an answer', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom('', '\0\0\0\x28ftyp'),
      (rest, head) => {
        const format = detectFormat(Buffer.concat([Buffer.from(head, 'latin1'), rest]));
        expect([undefined, ...Object.values(FORMATS)]).toContain(format);
      },
    ),
  );
});
