/** What a mail about a person's identity says. */
export interface IdentityMail {
  readonly subject: string;
  /** Plain text. */
  readonly text: string;
}

const NOT_YOU =
  'If you did not request this, ignore this mail: nothing happens without the link. Do not forward it.';

export function signUpMail(link: string): IdentityMail {
  return {
    subject: 'Confirm your email address',
    text: `Thanks for signing up. Confirm your email address and choose a password here. The link works once and expires in 24 hours:\n\n${link}\n\n${NOT_YOU}\n`,
  };
}

/** To a person who has an account, when somebody signs up with the address again. */
export function knownAddressMail(publicUrl: string): IdentityMail {
  return {
    subject: 'You already have an account',
    text: `Someone tried to sign up with this address, which already has an account. To sign in, or to reset your password, go to:\n\n${publicUrl}\n\nIf this was not you, ignore this mail. Your account and password are unchanged.\n`,
  };
}

export function magicLinkMail(link: string): IdentityMail {
  return {
    subject: 'Your sign-in link',
    text: `Sign in with this link. It works once and expires in 15 minutes:\n\n${link}\n\n${NOT_YOU}\n`,
  };
}

export function passwordResetMail(link: string): IdentityMail {
  return {
    subject: 'Reset your password',
    text: `Choose a new password with this link. It works once and expires in 15 minutes. Resetting the password signs you out everywhere:\n\n${link}\n\n${NOT_YOU} Your password is unchanged.\n`,
  };
}
