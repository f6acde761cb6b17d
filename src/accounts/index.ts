export { AccountsResolver } from './accounts.resolver.js';
export { AccountsService } from './accounts.service.js';
export { Authenticator } from './authenticator.service.js';
export { IDENTITY_PATH, IdentityGateway, type OAuthClient } from './identity.gateway.js';
export { IdentityResolver } from './identity.resolver.js';
export { KeysResolver } from './keys.resolver.js';
export { KeysService } from './keys.service.js';
export { SignInService } from './sign-in.service.js';
