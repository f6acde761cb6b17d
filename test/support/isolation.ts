import { temporaryFolder } from './folder.js';
import { mailTo, newOperator } from './operators.js';
import { absentBeside, hashRows, type Kind, MAKERS, newSide, type Side } from './owned-objects.js';
import { bearer, startPlatform, type TestPlatform } from './platform.js';

/** Asks for an object by its id. */
export type Ask = (id: string) => Promise<{ readonly status: number; readonly body: unknown }>;

export interface Attack {
  readonly kind: Kind;
  /** The object's owner, or an operator, where only operators get so far. */
  readonly asOperator: boolean;
  /** Its owner's answer need not differ from one for an absent id. */
  readonly isPlace: boolean;
  readonly as: (headers: Record<string, string>) => Ask;
}

/** Two accounts that know nothing of each other. */
export interface Neighbors {
  readonly t: TestPlatform;
  readonly a: Side;
  readonly b: Side;
  /**
   * B asks for an object of A's, and for one that nobody has: the answers are the same, and nothing of A's has
   * changed. Its owner gets another answer, or changes something: or the test would see nothing.
   */
  expectIsolated(attack: Attack): Promise<void>;
  stop(): Promise<void>;
}

/** Credentials of a side: its owner on it, and its key. */
export const waysOf = ({
  accountId,
  person,
  secret,
}: Side): readonly (readonly [string, Record<string, string>])[] => [
  ['session', { ...bearer(person.token), 'x-gigarouter-account': accountId }],
  ['key', bearer(secret)],
];

/** The answer without what differs in any two requests: their ids, and the id that was asked for. */
export async function answerTo(ask: Ask, id: string): Promise<object> {
  const { status, body } = await ask(id);
  const text = (JSON.stringify(body) as string | undefined)
    ?.replaceAll(id, 'THE ID')
    .replaceAll(id.slice(id.indexOf('_') + 1), 'THE ID')
    .replace(/req_\w+/g, 'A REQUEST')
    .replace(/run_(?!THE)\w+/g, 'A RUN');
  return { status, text };
}

/** Nothing happens by itself there: a row that has changed was changed by a caller. */
export async function startNeighbors(): Promise<Neighbors> {
  const outbox = temporaryFolder();
  const uploads = temporaryFolder();
  const config = {
    ...mailTo(outbox.path),
    uploads: { folder: uploads.path, ttlS: 3_600, accountBytesMax: 2 ** 30 },
  };
  const t = await startPlatform(config, {}, { isCommand: true });
  const operator = await newOperator(t, outbox.path);
  const a = await newSide(t, outbox.path);
  const b = await newSide(t, outbox.path);
  return {
    t,
    a,
    b,
    expectIsolated: async ({ kind, asOperator, isPlace, as }) => {
      const id = await MAKERS[kind](t, a);
      const ids = [a.accountId, a.userId, id.slice(id.indexOf(':') + 1)];
      const before = await hashRows(t, ids);
      for (const [way, headers] of waysOf(b)) {
        const other = await answerTo(as(headers), id);
        expect([way, other]).toEqual([way, await answerTo(as(headers), absentBeside(id))]);
      }
      expect(await hashRows(t, ids)).toEqual(before);
      if (isPlace) return;
      const owner = asOperator ? bearer(operator.token) : (waysOf(a)[0]?.[1] ?? {});
      const absent = await answerTo(as(owner), absentBeside(id));
      const own = await answerTo(as(owner), id);
      const changed = JSON.stringify(await hashRows(t, ids)) !== JSON.stringify(before);
      const differs = JSON.stringify(own) !== JSON.stringify(absent) || changed;
      expect([own, differs]).toEqual([own, true]);
    },
    stop: async () => {
      await t.stop();
      outbox.remove();
      uploads.remove();
    },
  };
}
