import { answered, type Attack, send } from './attack.js';

const MAIL_PAGES = [
  'invitation',
  'leave-waitlist',
  'magic-link',
  'reset-password',
  'verify-email',
  'waitlist',
];

/** Pages for people: where links of mails and of payments lead. */
export const pageAttacks: readonly Attack[] = [
  {
    id: 'page-parameter-twice',
    requirement: 'V15.3.7',
    attempt: 'a parameter of a page twice, as an array, and without a value',
    run: async (world) => {
      for (const query of ['token=a&token=b', 'token[]=a', 'token']) {
        for (const page of MAIL_PAGES) answered(await send(world, `/auth/${page}?${query}`), 200);
      }
      answered(await send(world, '/payments/success?session_id=a&session_id=b'), 404);
      return 'as if it were left out';
    },
  },
  {
    id: 'page-type-confusion',
    requirement: 'V15.3.5',
    attempt:
      'the form of a page as JSON, with numbers, arrays and objects where a text is expected',
    run: async (world) => {
      for (const page of MAIL_PAGES) {
        for (const token of [1, null, ['a'], { $ne: '' }]) {
          const body = { token, password: token, code: token };
          answered(await send(world, `/auth/${page}`, { body }), 415);
        }
      }
      return '415';
    },
  },
];
