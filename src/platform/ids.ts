import { randomBytes } from 'node:crypto';
import { monotonicFactory } from 'ulid';

const ulid = monotonicFactory();

/** The prefix says what an id names, wherever it turns up. */
export type ModelId = `mdl_${string}`;
export type PriceVersionId = `prc_${string}`;
export type AccountId = `acct_${string}`;
export type UserId = `usr_${string}`;
export type KeyId = `key_${string}`;
export type RunId = `run_${string}`;
export type GrantId = `grant_${string}`;
export type AdjustmentId = `adj_${string}`;
export type AuditEventId = `aud_${string}`;
export type InvitationId = `inv_${string}`;
/** Derived from the account and the person. */
export type MembershipId = `mem_${string}`;
export type LabelSetId = `lset_${string}`;
export type UploadId = `file_${string}`;
export type BatchId = `batch_${string}`;
export type PurchaseId = `pur_${string}`;
export type RefundRequestId = `rfd_${string}`;
export type ModelRequestId = `mreq_${string}`;
export type DemandCommentId = `cmt_${string}`;
export type MailId = `mail_${string}`;
export type ProviderId = `prv_${string}`;
export type ModelChangeId = `chg_${string}`;
/** Of a server, as long as it runs. */
export type ProcessId = `proc_${string}`;
export type NotificationId = `ntf_${string}`;
export type DeliveryId = `dlv_${string}`;
export type WebhookEndpointId = `whe_${string}`;
export type AlertRuleId = `alr_${string}`;
/** Of what better-auth keeps about a person. */
export type IdentityId = `idn_${string}`;
export type SessionId = IdentityId;

interface IdByPrefix {
  mdl: ModelId;
  prc: PriceVersionId;
  acct: AccountId;
  usr: UserId;
  key: KeyId;
  run: RunId;
  grant: GrantId;
  adj: AdjustmentId;
  aud: AuditEventId;
  inv: InvitationId;
  lset: LabelSetId;
  file: UploadId;
  batch: BatchId;
  pur: PurchaseId;
  rfd: RefundRequestId;
  mreq: ModelRequestId;
  cmt: DemandCommentId;
  mail: MailId;
  prv: ProviderId;
  chg: ModelChangeId;
  proc: ProcessId;
  idn: IdentityId;
  ntf: NotificationId;
  dlv: DeliveryId;
  whe: WebhookEndpointId;
  alr: AlertRuleId;
}

/** A new id: prefix, underscore, 26 characters that sort by time of creation (ULID). */
export function newId<P extends keyof IdByPrefix>(prefix: P): IdByPrefix[P] {
  return `${prefix}_${ulid().toLowerCase()}` as IdByPrefix[P];
}

/** Whether a text can be the id of an account: others are nobody’s, and no database is asked for them. */
export function isAccountId(id: string): id is AccountId {
  return /^acct_[0-9a-z_]{1,40}$/.test(id);
}

/** Whether a text can be the id of a person. */
export function isUserId(id: string): id is UserId {
  return /^usr_\w{1,100}$/.test(id);
}

/** Whether a text can be the id of a purchase. */
export function isPurchaseId(id: string): id is PurchaseId {
  return /^pur_\w{1,100}$/.test(id);
}

const processTag = randomBytes(6).toString('hex');
let requestCount = 0;

/** `req_`, a part that no other process has, and a running number: every request pays for it. */
export function newRequestId(): `req_${string}` {
  requestCount += 1;
  return `req_${processTag}${requestCount.toString(36).padStart(6, '0')}`;
}
