import { DEMO_MODEL, sample } from './platform.js';

/** Prices of the demo model, in nano-USD. */
export const IMAGE = 200_000n;
export const LABEL = 10_000n;

/** Asks for everything that a classification tells. */
export const CLASSIFY = `mutation ($input: ClassifyImageInput!) {
  classifyImage(input: $input) {
    runId isReplay labelsCached
    classification {
      margin isNoneOfTheAbove isCached
      labels { label score logit probability share }
    }
    classifications { isCached labels { label } }
    cost {
      chargedNanos originalNanos balanceNanos
      units { unit nanosPerUnit requested ran priceVersion { id } }
    }
    quote { costNanos maximumNanos imagesCached labelsCached units { unit requested ran } }
    timingsMs { auth hold fetch decode queue infer capture }
    userErrors { code message path details }
  }
}`;
export const BALANCE = '{ account { balance { postedNanos heldNanos availableNanos } } }';

let unique = 0;
/** Labels that nobody has asked for before. */
export const fresh = (count: number) =>
  Array.from({ length: count }, () => `thing number ${String((unique += 1))}`);

/** Variables of CLASSIFY for a sample picture. */
export const input = (more: object = {}) => ({
  input: { model: DEMO_MODEL, image: { base64: sample('green-heart.png') }, ...more },
});
