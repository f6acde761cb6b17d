export { ACCOUNT_CHECKS } from './account-checks.sql.js';
export { AccountAdminResolver } from './account-admin.resolver.js';
export { AccountAdminService } from './account-admin.service.js';
export { AccountsResolver } from './accounts.resolver.js';
export { AccountsService, type OpenPages } from './accounts.service.js';
export type { AuditLogEvent, AuditLogFilter } from './audit-event.js';
export { AuditLogResolver } from './audit-log.resolver.js';
export { AuditLogService } from './audit-log.service.js';
export { Authenticator } from './authenticator.service.js';
export { IP_ADDRESS_HEADER } from './ask-library.js';
export {
  createAuth,
  IDENTITY_PATH,
  identityPathOf,
  type OAuthClient,
} from './better-auth.gateway.js';
export { ErasureResolver } from './erasure.resolver.js';
export { ErasureService } from './erasure.service.js';
export { DevicesService } from './devices.service.js';
export { IdentityGateway } from './identity.gateway.js';
export { IdentityMails } from './identity-mails.service.js';
export { IdentityResolver } from './identity.resolver.js';
export { MailLinks } from './mail-links.gateway.js';
export { KeysResolver } from './keys.resolver.js';
export type { ManagedAccount } from './managed-account.js';
export type { ApiKey, CapPeriod, KeyScope } from './api-key.js';
export { KeysService } from './keys.service.js';
export { MembersResolver } from './members.resolver.js';
export { MembersRights } from './members-rights.service.js';
export { MembersService } from './members.service.js';
export { OrganisationsService } from './organisations.service.js';
export { ProofsService } from './proofs.service.js';
export { OperatorsResolver } from './operators.resolver.js';
export { PasswordHasher } from './password-hasher.service.js';
export { SecurityNotices } from './security-notices.service.js';
export { SessionsResolver } from './sessions.resolver.js';
export { SessionsService } from './sessions.service.js';
export { SignInLimits } from './sign-in-limits.service.js';
export { SignInService } from './sign-in.service.js';
export { checkEmail, plainEmail } from './account.js';
export { mailboxHash } from './mailbox.js';
export { PersonsService } from './persons.service.js';
export { AcknowledgementType, DONE } from './session.type.js';
