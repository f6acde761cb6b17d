import type { Stripe } from 'stripe';
import type { Made } from './objects.js';

/** What moves money back, and the balance that it moves on. Complete to the SDK's types, as objects.ts. */

export function newRefund(
  made: Made,
  given: Pick<
    Stripe.Refund,
    | 'amount'
    | 'balance_transaction'
    | 'charge'
    | 'currency'
    | 'customer'
    | 'metadata'
    | 'payment_intent'
    | 'payment_method'
    | 'reason'
    | 'status'
  >,
): Stripe.Refund {
  return {
    ...made,
    object: 'refund',
    ...given,
    customer_account: null,
    destination_details: { type: 'card', card: { type: 'refund' } },
    receipt_number: null,
    source_transfer_reversal: null,
    transfer_reversal: null,
  };
}

export function newDispute(
  made: Made,
  given: Pick<
    Stripe.Dispute,
    | 'amount'
    | 'balance_transactions'
    | 'charge'
    | 'currency'
    | 'is_charge_refundable'
    | 'payment_intent'
    | 'reason'
    | 'status'
  >,
): Stripe.Dispute {
  return {
    ...made,
    object: 'dispute',
    ...given,
    enhanced_eligibility_types: [],
    intended_submission_method: null,
    evidence: NO_EVIDENCE,
    evidence_details: {
      due_by: made.created + 7 * 86_400,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    livemode: false,
    metadata: {},
    payment_method_details: {
      type: 'card',
      card: {
        brand: 'visa',
        case_type: given.status.startsWith('warning_') ? 'inquiry' : 'chargeback',
        network: 'visa',
        network_reason_code: '10.4',
      },
    },
  };
}

const NO_EVIDENCE: Stripe.Dispute.Evidence = {
  access_activity_log: null,
  billing_address: null,
  cancellation_policy: null,
  cancellation_policy_disclosure: null,
  cancellation_rebuttal: null,
  customer_communication: null,
  customer_email_address: null,
  customer_name: null,
  customer_purchase_ip: null,
  customer_signature: null,
  duplicate_charge_documentation: null,
  duplicate_charge_explanation: null,
  duplicate_charge_id: null,
  enhanced_evidence: {},
  product_description: null,
  receipt: null,
  refund_policy: null,
  refund_policy_disclosure: null,
  refund_refusal_explanation: null,
  service_date: null,
  service_documentation: null,
  shipping_address: null,
  shipping_carrier: null,
  shipping_date: null,
  shipping_documentation: null,
  shipping_tracking_number: null,
  uncategorized_file: null,
  uncategorized_text: null,
};

/** Fees are not modeled: the gross amount is what our ledger answers for. */
export function newBalanceTransaction(
  made: Made,
  given: Pick<
    Stripe.BalanceTransaction,
    'amount' | 'currency' | 'reporting_category' | 'source' | 'type'
  >,
): Stripe.BalanceTransaction {
  return {
    ...made,
    object: 'balance_transaction',
    ...given,
    available_on: made.created,
    balance_type: 'payments',
    description: null,
    exchange_rate: null,
    fee: 0,
    fee_details: [],
    net: given.amount,
    status: 'available',
  };
}

export function newPortalSession(
  made: Made,
  given: Pick<Stripe.BillingPortal.Session, 'customer' | 'return_url' | 'url'>,
): Stripe.BillingPortal.Session {
  return {
    ...made,
    object: 'billing_portal.session',
    ...given,
    configuration: 'bpc_Double',
    customer_account: null,
    flow: null,
    livemode: false,
    locale: null,
    on_behalf_of: null,
  };
}

export function newMeter(
  made: Made,
  given: Pick<
    Stripe.Billing.Meter,
    'default_aggregation' | 'display_name' | 'event_name' | 'event_time_window'
  >,
): Stripe.Billing.Meter {
  return {
    ...made,
    object: 'billing.meter',
    ...given,
    customer_mapping: { event_payload_key: 'stripe_customer_id', type: 'by_id' },
    livemode: false,
    status: 'active',
    status_transitions: { deactivated_at: null },
    updated: made.created,
    value_settings: { event_payload_key: 'value' },
  };
}
