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
  'key.changed',
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
  /** Of the new or changed key; null: it is none. */
  readonly key: string | null;
  /** Scopes that the key was given; null: none. */
  readonly addedScopes: string | null;
  /** Addresses: the person themselves; of a key, who looks after its account. */
  readonly recipients: readonly string[];
}

const SUBJECTS: Readonly<Record<NoticedAction, string>> = {
  'user.signed-in': 'New sign-in to your account',
  'user.password-reset': 'Your password was changed',
  'user.password-changed': 'Your password was changed',
  'user.second-factor-on': 'Two-factor authentication was turned on',
  'user.second-factor-off': 'Two-factor authentication was turned off',
  'user.passkey-added': 'A passkey was added to your account',
  'user.passkey-removed': 'A passkey was removed from your account',
  'user.security-mails-off': 'Security mails were turned off',
  'key.created': 'A new API key was created',
  'key.rotated': 'An API key was rotated',
  'key.changed': 'An API key was given more permissions',
};

const NOT_YOU: Readonly<Record<NoticedAction, string>> = {
  'user.signed-in':
    'If this was not you, reset your password now (requestPasswordReset). That ends all sessions.',
  'user.password-reset':
    'If this was not you, someone can read your mail. Secure your mailbox first, then reset your password (requestPasswordReset).',
  'user.password-changed':
    'If this was not you, reset your password now (requestPasswordReset). That ends all sessions.',
  'user.second-factor-on':
    'If this was not you, reset your password now (requestPasswordReset), and ask the operators of this platform to turn two-factor authentication off.',
  'user.second-factor-off':
    'If this was not you, reset your password now (requestPasswordReset). That ends all sessions.',
  'user.passkey-added':
    'If this was not you, sign in, delete the passkey (/api/auth/passkey/delete-passkey), and reset your password (requestPasswordReset).',
  'user.passkey-removed':
    'If this was not you, reset your password now (requestPasswordReset). That ends all sessions.',
  'user.security-mails-off':
    'If this was not you, reset your password now (requestPasswordReset), then turn these mails on again (updateSecurityMails).',
  'key.created':
    'If nobody on your team created it, revoke it (revokeApiKey) and review who has access.',
  'key.rotated':
    'If nobody on your team did this, revoke the key (revokeApiKey) and review who has access.',
  'key.changed':
    'If nobody on your team did this, revoke the key (revokeApiKey) and review who has access.',
};

/** What the mail says. */
export function noticeMail(
  { action, createdAt, ipAddress, account, key, addedScopes }: SecurityNotice,
  publicUrl: string,
): { subject: string; text: string } {
  const subject = SUBJECTS[action];
  const facts = [
    ...(key === null ? [] : [`Key: ${key}`]),
    ...(addedScopes === null ? [] : [`Added permissions: ${addedScopes}`]),
    ...(account === null ? [] : [`Account: ${account}`]),
    `Time: ${createdAt.toISOString()}`,
    ...(ipAddress === null || ipAddress === '' ? [] : [`IP address: ${ipAddress}`]),
  ];
  const text = `${subject} at ${publicUrl}.\n\n${facts.join('\n')}\n\nIf this was you, no action is needed. ${NOT_YOU[action]}\n`;
  return { subject, text };
}
