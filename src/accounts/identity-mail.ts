/** What a mail about a person's identity says. */
export interface IdentityMail {
  readonly subject: string;
  /** Plain text. */
  readonly text: string;
}

const NOT_YOU =
  'If it was not you, do nothing: without this link nothing happens, and somebody who only knows your address gets nowhere. Do not pass the link on.';

export function signUpMail(link: string): IdentityMail {
  return {
    subject: 'Confirm your address',
    text: `Somebody, we hope you, signed up with this address. Open this to confirm it and to choose a password; it works once, for a day:\n\n${link}\n\n${NOT_YOU}\n`,
  };
}

/** To a person who has an account, when somebody signs up with the address again. */
export function knownAddressMail(publicUrl: string): IdentityMail {
  return {
    subject: 'You have an account already',
    text: `Somebody, perhaps you, tried to sign up with this address. You have an account already: sign in, or set a new password if you have forgotten yours:\n\n${publicUrl}\n\nIf it was not you, do nothing: your account and your password are as they were.\n`,
  };
}

export function magicLinkMail(link: string): IdentityMail {
  return {
    subject: 'Your link to sign in',
    text: `Open this to sign in; it works once, for 15 minutes:\n\n${link}\n\n${NOT_YOU}\n`,
  };
}

export function passwordResetMail(link: string): IdentityMail {
  return {
    subject: 'Set a new password',
    text: `Open this to set a new password; it works once, for 15 minutes, and ends all of your sessions:\n\n${link}\n\n${NOT_YOU} Your password is as it was.\n`,
  };
}
