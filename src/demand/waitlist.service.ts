import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { checkEmail, mailboxHash, plainEmail } from '../accounts/index.js';
import { type ProposalsService, slugOf } from '../catalog/index.js';
import { AppError } from '../errors.js';
import { clientNetwork } from '../platform/client-network.js';
import type { Database } from '../platform/database.js';
import type { ModelRequestId } from '../platform/ids.js';
import type { MailQueue } from '../platform/mail-queue.js';
import type { Mailer } from '../platform/mailer.js';
import { readNow } from '../platform/now.store.js';
import type { RateCounter } from '../platform/rate-counter.js';
import { refuseUnlessOpen } from './demand.service.js';
import { checkText } from './model-request.js';
import * as store from './requests.store.js';

export interface WaitlistParts {
  readonly db: Database;
  readonly proposals: Pick<ProposalsService, 'findOrPropose'>;
  readonly mailer: Mailer;
  /** Signs links. */
  readonly secret: string;
  readonly publicUrl: string;
  readonly mailQueue: Pick<MailQueue, 'send'>;
  /** Counts mails for a day. */
  readonly counter: RateCounter;
}

/** What the mail says, and as long as somebody may want to leave. */
const JOIN_DAYS = 7;
const LEAVE_DAYS = 1_000;

const MAILS_A_DAY = { mailbox: 5, network: 20 };

const LINK_OVER =
  'The link is not valid or has expired. Links are valid for a week; request a new one.';

const joining = z.object({
  email: z.string(),
  model: z.string(),
  useCase: z.string().nullable(),
});

/**
 * People without an account who leave an address. What they said waits in the mail queue until the mail is sent; after
 * that nothing of theirs is stored before they have confirmed it, as the link in the mail carries it, signed.
 */
export class WaitlistService {
  private readonly key: Uint8Array;

  constructor(private readonly parts: WaitlistParts) {
    this.key = new TextEncoder().encode(parts.secret);
  }

  /**
   * Queues a mail with a link that confirms the address. The answer is the same whether the address is known, has asked
   * before or has had too many mails today.
   * @throws AppError BAD_USER_INPUT; RATE_LIMITED for many from one network (IPv4 address, IPv6 /64)
   */
  async join(
    ipAddress: string,
    request: { email: string; model: string; useCase: string | null },
  ): Promise<void> {
    const email = checkEmail(request.email);
    const model = slugOf(request.model);
    const useCase = request.useCase === null ? null : checkText(request.useCase, 'useCase') || null;
    const { counter, mailQueue } = this.parts;
    if ((await counter.count(`waitlist:${clientNetwork(ipAddress)}`)).count > MAILS_A_DAY.network) {
      throw new AppError(
        'RATE_LIMITED',
        'Too many requests from your network today. Sign up instead.',
        {
          details: { retryAfterS: 3_600 },
        },
      );
    }
    if ((await counter.count(`waitlist:${plainEmail(email)}`)).count > MAILS_A_DAY.mailbox) return;
    const details = useCase === null ? {} : { useCase };
    await mailQueue.send({ kind: 'waitlist', email, about: model, details });
  }

  /** Mails the link that confirms the address. */
  async sendLink(email: string, model: string, useCase: string | null): Promise<void> {
    const { mailer, publicUrl } = this.parts;
    const token = await this.sign('waitlist', { email, model, useCase }, JOIN_DAYS);
    await mailer.send({
      to: email,
      subject: `Confirm your request for ${model}`,
      text: `Confirm that you want a mail when ${model} goes live. The link expires in a week:\n\n${publicUrl}/auth/waitlist?token=${token}\n\nIf you did not request this, ignore this mail. Your address will not be kept.\n`,
    });
  }

  /**
   * The address is confirmed: the request counts from now on. May be repeated.
   * @throws AppError BAD_USER_INPUT for a link that is over or was never sent; CONFLICT for a model that is
   *   live by now, or was retired
   */
  async confirm(token: string): Promise<void> {
    const { email, model, useCase } = joining.parse(await this.read('waitlist', token));
    const { db, proposals } = this.parts;
    await db.transaction(async (tx) => {
      const found = await proposals.findOrPropose(tx, model);
      refuseUnlessOpen(found);
      const request = { modelId: found.id, email, mailbox: mailboxHash(email), useCase };
      await store.insertMailRequest(tx, request);
    });
  }

  /** The link with which somebody without an account takes a request back. */
  async leaveLink(id: ModelRequestId): Promise<string> {
    const token = await this.sign('leave-waitlist', { id }, LEAVE_DAYS);
    return `${this.parts.publicUrl}/auth/leave-waitlist?token=${token}`;
  }

  /** May be repeated. @throws AppError BAD_USER_INPUT */
  async leave(token: string): Promise<void> {
    const { id } = z.object({ id: z.string() }).parse(await this.read('leave-waitlist', token));
    await this.parts.db.transaction((tx) => store.withdrawMailRequest(tx, id));
  }

  private async sign(purpose: string, claims: Record<string, unknown>, days: number) {
    const now = await readNow(this.parts.db);
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256' })
      .setAudience(purpose)
      .setIssuedAt(now)
      .setExpirationTime(new Date(now.getTime() + days * 86_400_000))
      .sign(this.key);
  }

  private async read(purpose: string, token: string): Promise<unknown> {
    const options = {
      audience: purpose,
      algorithms: ['HS256'],
      currentDate: await readNow(this.parts.db),
    };
    const verified = await jwtVerify(token, this.key, options).catch((error: unknown) => {
      throw new AppError('BAD_USER_INPUT', LINK_OVER, { cause: error });
    });
    return verified.payload;
  }
}
