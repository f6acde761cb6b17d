import type { AuditEventId } from '../platform/ids.js';

/** Acts that people are told of by mail, as they might not be theirs. */
export const NOTICED_ACTIONS = [
  'user.signed-in',
  'user.password-reset',
  'user.password-changed',
  'user.second-factor-on',
  'user.second-factor-off',
  'user.passkey-added',
  'user.passkey-removed',
  'user.security-mails-off',
  'key.created',
  'key.rotated',
] as const;
export type NoticedAction = (typeof NOTICED_ACTIONS)[number];

/** An act of the audit log that somebody has to be told of. */
export interface SecurityNotice {
  readonly id: AuditEventId;
  readonly action: NoticedAction;
  readonly createdAt: Date;
  readonly ipAddress: string | null;
  /** Of the account; null: of a person. */
  readonly account: string | null;
  /** Of the new key; null: it is none. */
  readonly key: string | null;
  /** Addresses: the person themselves; of a key, who looks after its account. */
  readonly recipients: readonly string[];
}

const SUBJECTS: Readonly<Record<NoticedAction, string>> = {
  'user.signed-in': 'You signed in from a new place',
  'user.password-reset': 'Your password was changed',
  'user.password-changed': 'Your password was changed',
  'user.second-factor-on': 'You have a second factor now',
  'user.second-factor-off': 'Your second factor was switched off',
  'user.passkey-added': 'A passkey was added',
  'user.passkey-removed': 'A passkey was removed',
  'user.security-mails-off': 'You get no more mails about your security',
  'key.created': 'A new API key was made',
  'key.rotated': 'An API key was replaced',
};

const NOT_YOU: Readonly<Record<NoticedAction, string>> = {
  'user.signed-in':
    'If it was not you, set a new password now (requestPasswordReset): that ends every session.',
  'user.password-reset':
    'If it was not you, somebody reads your mail. Secure your mailbox first, then set a new password (requestPasswordReset).',
  'user.password-changed':
    'If it was not you, set a new password now (requestPasswordReset): that ends every session.',
  'user.second-factor-on':
    'If it was not you, set a new password now (requestPasswordReset), and ask the operators of this platform to switch the second factor off.',
  'user.second-factor-off':
    'If it was not you, set a new password now (requestPasswordReset): that ends every session.',
  'user.passkey-added':
    'If it was not you, sign in, remove it (/api/auth/passkey/delete-passkey), and set a new password (requestPasswordReset).',
  'user.passkey-removed':
    'If it was not you, set a new password now (requestPasswordReset): that ends every session.',
  'user.security-mails-off':
    'If it was not you, set a new password now (requestPasswordReset), then switch these mails on again (setSecurityMails).',
  'key.created': 'If none of you made it, revoke it (revokeApiKey), and look at who has access.',
  'key.rotated': 'If none of you did it, revoke it (revokeApiKey), and look at who has access.',
};

/** What the mail says. */
export function noticeMail(
  { action, createdAt, ipAddress, account, key }: SecurityNotice,
  publicUrl: string,
): { subject: string; text: string } {
  const subject = SUBJECTS[action];
  const facts = [
    ...(key === null ? [] : [`Key: ${key}`]),
    ...(account === null ? [] : [`Account: ${account}`]),
    `Time: ${createdAt.toISOString()}`,
    ...(ipAddress === null || ipAddress === '' ? [] : [`Network address: ${ipAddress}`]),
  ];
  const text = `${subject} at ${publicUrl}.\n\n${facts.join('\n')}\n\nIf it was you, do nothing. ${NOT_YOU[action]}\n`;
  return { subject, text };
}
