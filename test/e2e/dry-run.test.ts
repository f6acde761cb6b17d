import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { codeOf } from '../support/app.js';
import { classified, settledCredit } from '../support/callers.js';
import { CLASSIFY, fresh, IMAGE, LABEL } from '../support/classify.js';
import { type PaidPlatform, picture, startPaidPlatform } from '../support/paid-units.js';
import { type Caller, DEMO_MODEL } from '../support/platform.js';

const CREDIT = 1_000_000_000n;

let t: PaidPlatform;
beforeAll(async () => {
  t = await startPaidPlatform({ imageUrl: { allow: ['127.0.0.0/8'], timeoutMs: 5_000 } });
});
afterEach(async () => {
  t.gate.onRun = () => 'pass';
  await t.verify();
});
afterAll(() => t.stop());

const model = DEMO_MODEL;

describe('a dry run', () => {
  const estimate = async (caller: Caller, more: object) =>
    (await classified(t.url, caller, { model, dryRun: true, ...more })).quote;

  test('says exactly which images and labels are cached for the account, and what the call costs', async () => {
    const [caller, other] = [await t.caller(CREDIT), await t.caller(CREDIT)];
    const bytes = Buffer.from(picture().base64, 'base64');
    const web = createServer((_request, response) => response.end(bytes));
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    const { port } = web.address() as AddressInfo;
    try {
      const byAddress = { url: `http://127.0.0.1:${String(port)}/heart.png` };
      const sameBytes = { base64: bytes.toString('base64') };
      const [one, two] = [picture(), picture()];
      const [old, young] = [fresh(2), fresh(2)];
      await t.chargedFor(caller, { images: [one, sameBytes], labels: old });
      await t.chargedFor(other, { images: [two], labels: young });

      const [a = '', b = ''] = old;
      const [c = '', d = ''] = young;
      const input = {
        images: [one, two, byAddress, two],
        labels: [a, c, b.toUpperCase(), d, c],
      };
      const quote = await estimate(caller, input);
      expect(quote).toMatchObject({
        costNanos: String(IMAGE + 2n * LABEL),
        maximumNanos: String(4n * IMAGE + 4n * LABEL),
        // An equal one earlier in the call pays.
        imagesCached: [true, false, true, true],
        labelsCached: [true, false, true, false, true],
        units: [
          { unit: 'IMAGE', requested: 4, ran: 1 },
          { unit: 'LABEL_TEXT', requested: 4, ran: 2 },
        ],
      });
      expect(await estimate(caller, input)).toEqual(quote);
      const answer = await classified(t.url, caller, { model, ...input });
      expect(answer.cost.chargedNanos).toBe(quote.costNanos);
      expect(answer.classifications.map(({ isCached }: { isCached: boolean }) => isCached)).toEqual(
        quote.imagesCached,
      );
      expect(answer.labelsCached).toBe(3);
      expect((await estimate(caller, input)).costNanos).toBe('0');
    } finally {
      web.close();
    }
  });

  test('neither runs nor charges, and refuses an image that is not there', async () => {
    const caller = await t.caller(0n);
    const before = t.gate.runs();
    await estimate(caller, { image: picture(), labels: fresh(2) });
    const { body } = await caller.gql(CLASSIFY, {
      input: { model, dryRun: true, image: { url: 'http://127.0.0.1:1/a.png' }, labels: ['a'] },
    });
    expect(codeOf({ body })).toBe('BAD_USER_INPUT');
    expect(t.gate.runs()).toBe(before);
    expect(await settledCredit(caller)).toBe(0n);
  });
});
