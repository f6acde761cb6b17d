import { createHash } from 'node:crypto';
import { clientNetwork } from '../platform/client-network.js';
import type { Queryable } from '../platform/database.js';
import type { UserId } from '../platform/ids.js';
import type { AccountsService } from './accounts.service.js';
import { findUserId, listAccounts } from './accounts.store.js';
import type { Client } from './active-session.js';
import { rememberDevice } from './known-devices.store.js';

/** Where people sign in. */
export class DevicesService {
  constructor(
    private readonly db: Queryable,
    private readonly accounts: Pick<AccountsService, 'audit' | 'auditPerson'>,
  ) {}

  /** Writes down a sign-in. */
  async signedIn(userId: UserId, { ipAddress, userAgent = '' }: Client): Promise<void> {
    const network = clientNetwork(ipAddress);
    const device = createHash('sha256').update(`${network}\n${userAgent}`).digest('hex');
    const isNew = await rememberDevice(this.db, userId, { device, network });
    const details = isNew ? { place: 'new' } : {};
    await this.accounts.auditPerson(userId, 'user.signed-in', ipAddress, details);
  }

  /** Writes down an attempt to sign in that failed; of nobody's address, without the address. */
  async failedSignIn(email: string, ipAddress: string): Promise<void> {
    const userId = await findUserId(this.db, email);
    const [account] = userId === undefined ? [] : await listAccounts(this.db, userId);
    // Whoever tried is not known to be the person.
    await this.accounts.audit({
      actor: { ipAddress },
      accountId: account?.id,
      action: 'user.sign-in-failed',
      target: userId,
    });
  }
}
