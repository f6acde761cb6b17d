import { namingAccount } from './naming-account.js';
import { setTimeout as pause } from 'node:timers/promises';
import { newId } from '../../src/platform/ids.js';
import { classifyLine, LINE, type WireBatch } from './batches.js';
import type { Random } from './random.js';
import { persist, said, type SoakAnswer, type SoakSite } from './soak-calls.js';

/** A batch that was made, and what it came to. */
export interface SoakBatch {
  readonly id: string;
  readonly lines: number;
  answered: number;
  failed: number;
}

const ENDED = new Set(['failed', 'completed', 'expired', 'cancelled']);

/** An account that makes one batch after another, and reads what came of each. */
export class SoakBatches {
  readonly batches: SoakBatch[] = [];

  constructor(
    readonly accountId: string,
    private readonly secret: string,
    private readonly site: SoakSite,
    private readonly random: Random,
    private readonly tally: (act: string) => void,
  ) {}

  /** What the answered lines cost, in nano-USD. */
  get chargedNanos(): bigint {
    return LINE * BigInt(this.batches.reduce((sum, { answered }) => sum + answered, 0));
  }

  async life(): Promise<void> {
    while (!this.site.isOver()) {
      const batch = await this.make();
      while (!this.site.isOver() && !(await this.hasEnded(batch))) await pause(300);
      this.tally('batch made');
    }
  }

  /** Reads a batch's files when it has ended. @returns whether it has */
  async hasEnded(batch: SoakBatch): Promise<boolean> {
    const answer = await this.get(`/v1/batches/${batch.id}`);
    const { status, output_file_id, error_file_id } = answer.body as WireBatch;
    if (!ENDED.has(status)) return false;
    if (status !== 'completed') throw new Error(`A batch ended as ${said(answer)}`);
    batch.answered = await this.linesIn(output_file_id);
    batch.failed = await this.linesIn(error_file_id);
    return true;
  }

  private async make(): Promise<SoakBatch> {
    const { secret } = this;
    const lines = this.random.int(1, 6);
    const text = Array.from({ length: lines }, (_, n) =>
      JSON.stringify(classifyLine(`line-${String(n)}`)),
    );
    const body = new FormData();
    body.append('purpose', 'batch');
    body.append('file', new Blob([text.join('\n')]), 'lines.jsonl');
    const file = await persist(this.site, { path: '/v1/files', secret, body });
    if (file.body.id === undefined) throw new Error(`An input file: ${said(file)}`);
    const made = await persist(this.site, {
      path: '/v1/batches',
      secret,
      headers: { 'idempotency-key': newId('run') },
      body: {
        input_file_id: file.body.id as string,
        endpoint: '/v1/classify',
        completion_window: '24h',
      },
    });
    if (made.body.id === undefined) throw new Error(`A batch: ${said(made)}`);
    const batch = { id: made.body.id as string, lines, answered: 0, failed: 0 };
    this.batches.push(batch);
    return batch;
  }

  private async linesIn(fileId: string | null | undefined): Promise<number> {
    if (fileId == null) return 0;
    const { body } = await this.get(`/v1/files/${fileId}/content`);
    // A file of one line of JSON may be read as JSON.
    return typeof body === 'string' ? body.trimEnd().split('\n').length : 1;
  }

  private async get(path: string): Promise<SoakAnswer> {
    const answer = await persist(this.site, { method: 'GET', path, secret: this.secret });
    if (answer.status !== 200) throw new Error(`${path}: ${said(answer)}`);
    return answer;
  }
}

/** Sends a mutation until it has succeeded. @returns its data */
// Untyped on purpose, as answers are.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
async function done(site: SoakSite, to: Owner, query: string, variables: object): Promise<any> {
  const { secret, account } = to;
  const body =
    account === undefined ? { query, variables } : namingAccount({ query, variables }, account);
  const answer = await persist(site, { path: '/graphql', secret, body });
  if (answer.code !== undefined) throw new Error(`${query}: ${said(answer)}`);
  return answer.body.data;
}

/** A session or a key, and the account that it acts for; undefined: its own. */
export interface Owner {
  readonly secret: string;
  readonly account?: string;
}

const CREATE_KEY = `mutation ($name: String!) {
  createApiKey(input: { name: $name, scopes: [READ] }) {
    secret
    apiKey { id }
    userErrors { code message path details }
  }
}`;
const REVOKE_KEY =
  'mutation ($id: ID!) { revokeApiKey(input: { id: $id }) { apiKey { revokedAt } userErrors { code message path details } } }';
const CHANGE_ROLE = `mutation ($userId: ID!, $role: Role!) { updateMemberRole(input: { userId: $userId, role: $role }) { membership { role } userErrors { code message path details } } }`;
const ROLES = ['ADMIN', 'DEVELOPER', 'VIEWER'];
const KEYS_KEPT = 5;

/** An owner who makes and revokes keys, and changes what a member may do. */
export class SoakOwner {
  /** Secrets by what was last answered of them. */
  readonly revoked = new Set<string>();
  readonly live = new Map<string, string>();
  /** Of the member, as last answered. */
  role: string | undefined;

  constructor(
    private readonly owner: Owner,
    private readonly memberId: string,
    private readonly site: SoakSite,
    private readonly random: Random,
    private readonly tally: (act: string) => void,
  ) {}

  async life(): Promise<void> {
    const { owner, random, site } = this;
    while (!site.isOver()) {
      const { createApiKey } = await done(site, owner, CREATE_KEY, { name: newId('key') });
      this.live.set(createApiKey.secret as string, createApiKey.apiKey.id as string);
      this.tally('key made');
      if (this.live.size > KEYS_KEPT) await this.revokeOne();
      const role = random.pick(ROLES) ?? '';
      await done(site, owner, CHANGE_ROLE, { userId: this.memberId, role });
      this.role = role;
      this.tally('role changed');
      await pause(random.int(100, 500));
    }
  }

  private async revokeOne(): Promise<void> {
    const [secret, id] = this.random.pick([...this.live]) ?? ['', ''];
    await done(this.site, this.owner, REVOKE_KEY, { id });
    this.live.delete(secret);
    this.revoked.add(secret);
    this.tally('key revoked');
  }
}
