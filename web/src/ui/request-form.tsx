import { useHref } from './site.js';

/** What has become of a request that was sent from this page. */
export type RequestState =
  | { readonly kind: 'none' }
  /** A mail is on its way, which confirms the address. */
  | { readonly kind: 'mailed' }
  /** It counts: the person was signed in. */
  | { readonly kind: 'counted' }
  | { readonly kind: 'refused'; readonly message: string; readonly fields: RequestFields };

export interface RequestFields {
  readonly slug: string;
  readonly huggingFaceUrl: string;
  readonly email: string;
  readonly useCase: string;
}

/** What the address says after a form was sent. */
export function sentState(query: URLSearchParams): RequestState {
  const sent = query.get('sent');
  return sent === 'mailed' || sent === 'counted' ? { kind: sent } : { kind: 'none' };
}

export const NO_FIELDS: RequestFields = { slug: '', huggingFaceUrl: '', email: '', useCase: '' };

/** Asks for a model: one of the catalog, or one that its address on the Hub names. A plain form. */
export function RequestForm(props: { readonly slug?: string; readonly state: RequestState }) {
  const { slug, state } = props;
  const href = useHref();
  if (state.kind === 'mailed' || state.kind === 'counted') {
    return (
      <p className="note good" role="status">
        {state.kind === 'mailed'
          ? 'Check your mail: your request counts once you confirm your address.'
          : 'Your request counts. You will get a mail when the model goes live.'}
      </p>
    );
  }
  const fields = state.kind === 'refused' ? state.fields : NO_FIELDS;
  const isRefused = state.kind === 'refused';
  return (
    <form className="request" method="post" action={href('/requests')}>
      {isRefused && (
        <p className="note bad" role="alert" id="request-error">
          {state.message}
        </p>
      )}
      {slug === undefined ? (
        <label>
          Address on the Hugging Face Hub
          <input
            name="huggingFaceUrl"
            type="url"
            required
            maxLength={300}
            placeholder="https://huggingface.co/owner/name"
            defaultValue={fields.huggingFaceUrl}
          />
        </label>
      ) : (
        <input type="hidden" name="slug" value={slug} />
      )}
      <label>
        Email address
        <input
          name="email"
          type="email"
          autoComplete="email"
          maxLength={254}
          aria-describedby={isRefused ? 'request-error request-email' : 'request-email'}
          defaultValue={fields.email}
        />
        <small id="request-email">
          For one mail, at the launch. Not needed when you are signed in.
        </small>
      </label>
      <label>
        What for <span className="optional">(optional)</span>
        <textarea name="useCase" rows={2} maxLength={2000} defaultValue={fields.useCase} />
      </label>
      <button>Tell us you want it</button>
    </form>
  );
}
