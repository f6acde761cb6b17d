import type { InvitationPreview } from './invitation.js';

/**
 * What mail programs turn into a link. Names are whatever somebody chose, and reach people who never asked for them: one
 * that leads elsewhere is left out.
 */
const LINK = /:\/\/|\bwww\.|[^\s.]\.\p{L}{2,}/iu;

/**
 * A sentence that says who invites to what.
 * @param publicUrl of this platform
 */
export function describeInvitation(
  { invitation: { role }, accountName, inviter }: InvitationPreview,
  publicUrl: string,
): string {
  const where = harmless(accountName);
  const who = harmless(inviter?.name);
  const account = where === undefined ? 'an organization' : `the organization “${where}”`;
  const place = `${account} on ${publicUrl} as ${role.toLowerCase()}`;
  if (inviter === undefined) return `You have been invited to join ${place}.`;
  const person = who === undefined ? inviter.email : `${who} (${inviter.email})`;
  return `${person} invites you to join ${place}.`;
}

/** @param token what accepts it */
export function invitationMail(
  preview: InvitationPreview,
  token: string,
  publicUrl: string,
): { subject: string; text: string } {
  const where = harmless(preview.accountName);
  return {
    subject:
      where === undefined
        ? 'You have been invited to an account'
        : `You have been invited to ${where}`,
    text: `${describeInvitation(preview, publicUrl)} Sign in with this email address, then accept within a week:\n\n${publicUrl}/auth/invitation?token=${token}\n\nIf you do not know the sender, ignore this mail.\n`,
  };
}

function harmless(name: string | undefined): string | undefined {
  return name === undefined || LINK.test(name) ? undefined : name;
}
