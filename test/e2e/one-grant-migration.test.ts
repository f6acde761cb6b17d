import { mailboxHash } from '../../src/accounts/index.js';
import { DEMAND_CHECKS } from '../../src/demand/index.js';
import { runChecks } from '../../src/platform/checks.js';
import { startBefore } from '../support/earlier-schema.js';

test('of what one person took several times the first is the person’s, and who left an address keeps the place', async () => {
  const before = await startBefore('20261130250000_one_grant_per_person');
  try {
    await before.sql(`
      INSERT INTO account (id, kind, name)
        SELECT id, (enum_range(NULL::"AccountKind"))[kind], id
          FROM (VALUES ('ada', 1), ('first', 2), ('second', 2), ('bob', 1), ('server', 1)) AS a(id, kind);
      INSERT INTO app_user (id, name, email, email_verified)
        VALUES ('usr_ada', 'Ada', 'a.d.a+x@gmail.com', true), ('usr_bob', 'Bob', 'bob@example.org', true);
      INSERT INTO membership (account_id, user_id, role)
        VALUES ('ada', 'usr_ada', 'OWNER'), ('first', 'usr_ada', 'OWNER'), ('second', 'usr_ada', 'OWNER'),
               ('second', 'usr_bob', 'ADMIN'), ('bob', 'usr_bob', 'OWNER');
      INSERT INTO promo_code (code, nanos, redemptions_max, created_by) VALUES ('ONCE', 1, 10, 'system');
      INSERT INTO promo_redemption (code, account_id, actor, created_at)
        SELECT 'ONCE', account_id, actor, now() - ago * interval '1 hour'
          FROM (VALUES ('ada', 'user:usr_ada', 1), ('first', 'key:key_1', 3), ('second', 'user:usr_bob', 2),
                       ('server', 'system', 1)) AS r(account_id, actor, ago);
      INSERT INTO model (id, slug, name, owner, task, status, summary)
        VALUES ('mdl', 'a/b', 'a/b', 'a', 'ZERO_SHOT_IMAGE_CLASSIFICATION', 'COMING_SOON', 'A test');
      INSERT INTO model_request (id, model_id, account_id, user_id, email, mailbox, contact_ok, created_at)
        SELECT id, 'mdl', account_id, user_id, email, email, true, to_timestamp(at)
          FROM (VALUES ('left', NULL, NULL, 'ada@gmail.com', 1), ('of_bob', 'bob', NULL, NULL, 2),
                       ('of_ada', 'ada', 'usr_ada', NULL, 3), ('of_first', 'first', NULL, NULL, 4),
                       ('waiting', NULL, NULL, 'eve@example.org', 5)) AS r(id, account_id, user_id, email, at);`);
    await before.migrate();
    const [ada, bob] = [mailboxHash('ada@gmail.com'), mailboxHash('bob@example.org')];
    expect(await before.sql('SELECT account_id, mailbox FROM promo_redemption ORDER BY 1')).toEqual(
      [
        { account_id: 'ada', mailbox: 'account:ada' },
        { account_id: 'first', mailbox: ada },
        { account_id: 'second', mailbox: bob },
        { account_id: 'server', mailbox: 'account:server' },
      ],
    );
    expect(
      await before.sql(
        'SELECT id, mailbox, extract(epoch FROM created_at)::int AS at FROM model_request ORDER BY id',
      ),
    ).toEqual([
      { id: 'of_ada', mailbox: ada, at: 1 },
      { id: 'of_bob', mailbox: bob, at: 2 },
      { id: 'of_first', mailbox: 'account:first', at: 4 },
      { id: 'waiting', mailbox: mailboxHash('eve@example.org'), at: 5 },
    ]);
    expect(await before.sql('SELECT id, opened_by FROM account ORDER BY id')).toEqual([
      { id: 'ada', opened_by: null },
      { id: 'bob', opened_by: null },
      { id: 'first', opened_by: ada },
      { id: 'second', opened_by: ada },
      { id: 'server', opened_by: null },
    ]);
    const findings = await runChecks(before.database, DEMAND_CHECKS);
    expect(findings.filter(({ broken }) => broken > 0n)).toEqual([]);
  } finally {
    await before.stop();
  }
});
