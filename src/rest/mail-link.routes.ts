import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  type Authenticator,
  describeInvitation,
  type InvitationsService,
  type MailLinks,
} from '../accounts/index.js';
import type { WaitlistService } from '../demand/index.js';
import { AppError } from '../errors.js';
import { escapeHtml } from '../platform/html.js';
import { sendPage } from './html-page.js';
import { textOf } from './page-query.js';

export interface MailLinkOptions {
  readonly links: Pick<MailLinks, 'confirmSignUp' | 'resetPassword' | 'signInWithMagicLink'>;
  readonly publicUrl: string;
  readonly waitlist: Pick<WaitlistService, 'confirm' | 'leave'>;
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  readonly invitations: Pick<InvitationsService, 'accept' | 'preview'>;
}

/** What a mail's link asks a person to do. */
interface LinkPage {
  readonly title: string;
  readonly button: string;
  /** Asks for a new password as well, with this label. */
  readonly password?: string;
  readonly done: string;
}

/** What a form sends. */
interface Fields {
  readonly token: string;
  readonly password: string;
  /** Of a second factor. */
  readonly code: string | undefined;
}

const CODE_FIELD =
  '<label>Code from your authenticator app, or a recovery code <input name="code" maxlength="64" autocomplete="one-time-code" required autofocus></label>';

const PAGES = {
  'verify-email': {
    title: 'Confirm your email address',
    button: 'Confirm',
    password: 'Choose a password',
    done: 'Your email address is confirmed and your password is set. You can sign in now.',
  },
  'magic-link': {
    title: 'Sign in',
    button: 'Sign in',
    done: 'You are now signed in in this browser.',
  },
  'reset-password': {
    title: 'Reset your password',
    button: 'Reset password',
    password: 'New password',
    done: 'Your password was changed and all sessions were signed out. Sign in with the new password.',
  },
  invitation: {
    title: 'Join an account',
    button: 'Join',
    done: 'You are now a member of the account.',
  },
  waitlist: {
    title: 'Confirm your request',
    button: 'Confirm',
    done: 'Your request is confirmed. You will get a mail when the model goes live.',
  },
  'leave-waitlist': {
    title: 'Withdraw your request',
    button: 'Withdraw',
    done: 'Your request was withdrawn. You will get no more mail about this model.',
  },
} as const satisfies Record<string, LinkPage>;
type Page = keyof typeof PAGES;

/**
 * Pages that the links in mails lead to. Each has a button, as mail programs open links by themselves, and
 * a link works once. No script, nothing from elsewhere.
 */
export async function registerMailLinkRoutes(
  app: FastifyInstance,
  options: MailLinkOptions,
): Promise<void> {
  await app.register((scope, _options, ready) => {
    // Fields of a form are texts. JSON could bring anything.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: 4_096 },
      (_request, body, done) => {
        done(null, Object.fromEntries(new URLSearchParams(String(body))));
      },
    );
    for (const name of Object.keys(PAGES) as Page[]) {
      const page: LinkPage = PAGES[name];
      scope.get(`/auth/${name}`, async (request, reply) => {
        const token = textOf(request.query, 'token');
        const intro = name === 'invitation' ? await introOf(options, token) : '';
        return sendPage(reply, 200, page.title, `${intro}${formOf(page, token)}`);
      });
      scope.post<{ Body: Partial<Fields> | undefined }>(`/auth/${name}`, async (request, reply) => {
        refuseOtherSites(request, options.publicUrl);
        const { token = '', password = '', code } = request.body ?? {};
        try {
          await use(options, { name, token, password, code }, request, reply);
        } catch (error) {
          if (!(error instanceof AppError) || error.status >= 500) throw error;
          const needsCode = code !== undefined || error.details?.secondFactor === true;
          const isAgain = page.password !== undefined || needsCode;
          const again = isAgain ? formOf(page, token, needsCode) : '';
          return sendPage(
            reply,
            error.status,
            page.title,
            `<p>${escapeHtml(error.message)}</p>${again}`,
          );
        }
        return sendPage(reply, 200, page.title, `<p>${page.done}</p>`);
      });
    }
    ready();
  });
}

/** Who invites to what; empty for an invitation that is over or never was. */
async function introOf(
  { invitations, publicUrl }: MailLinkOptions,
  token: string,
): Promise<string> {
  const preview = await invitations.preview(token);
  if (preview === undefined) return '';
  return `<p>${escapeHtml(describeInvitation(preview, publicUrl))}</p>`;
}

async function use(
  { links, waitlist, authenticator, invitations }: MailLinkOptions,
  { name, token, password, code }: { name: Page } & Fields,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  if (name === 'invitation') {
    const actor = await authenticator.authenticate(request);
    if (actor.userId === undefined) {
      throw new AppError(
        'UNAUTHENTICATED',
        'Sign in on this browser first, then open the link again.',
      );
    }
    await invitations.accept(actor, actor.userId, token);
    return;
  }
  if (name === 'waitlist') return waitlist.confirm(token);
  if (name === 'leave-waitlist') return waitlist.leave(token);
  if (name === 'verify-email') return links.confirmSignUp(token, password);
  if (name === 'reset-password') return links.resetPassword(token, password, request.ip);
  const client = { ipAddress: request.ip, userAgent: request.headers['user-agent'] };
  const { cookies } = await links.signInWithMagicLink(token, client, code);
  reply.header('set-cookie', [...cookies]);
}

/** A form on another site could sign a visitor in as somebody else. */
function refuseOtherSites({ headers }: FastifyRequest, publicUrl: string): void {
  const { origin } = headers;
  if (origin === undefined || origin === new URL(publicUrl).origin) return;
  throw new AppError(
    'FORBIDDEN',
    `This form was sent from another site. Open the link at ${publicUrl}.`,
  );
}

function formOf({ button, password }: LinkPage, token: string, needsCode = false): string {
  const field =
    password !== undefined
      ? `<label>${password} <input type="password" name="password" minlength="10" maxlength="128" autocomplete="new-password" required autofocus></label>`
      : '';
  return `<form method="post" action="?"><input type="hidden" name="token" value="${escapeHtml(token)}">${field}${needsCode ? CODE_FIELD : ''}<button>${button}</button></form>`;
}
