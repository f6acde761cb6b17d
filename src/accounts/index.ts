export { AccountAdminResolver } from './account-admin.resolver.js';
export { AccountAdminService } from './account-admin.service.js';
export { AccountsResolver } from './accounts.resolver.js';
export { AccountsService } from './accounts.service.js';
export type { AuditLogEvent, AuditLogFilter } from './audit-event.js';
export { AuditLogResolver } from './audit-log.resolver.js';
export { AuditLogService } from './audit-log.service.js';
export { Authenticator } from './authenticator.service.js';
export {
  IDENTITY_PATH,
  IdentityGateway,
  IP_ADDRESS_HEADER,
  type OAuthClient,
} from './identity.gateway.js';
export { IdentityResolver } from './identity.resolver.js';
export { KeysResolver } from './keys.resolver.js';
export type { ManagedAccount } from './managed-account.js';
export type { ApiKey, CapPeriod, KeyScope } from './api-key.js';
export { KeysService } from './keys.service.js';
export { MembersResolver } from './members.resolver.js';
export { MembersService } from './members.service.js';
export { OperatorsResolver } from './operators.resolver.js';
export { PasswordHasher } from './password-hasher.service.js';
export { SignInService } from './sign-in.service.js';
export { checkEmail, plainEmail } from './account.js';
export { AcknowledgementType, DONE } from './session.type.js';
