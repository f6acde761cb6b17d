import { createElement } from 'react';
import { JoinWaitlistFromPage } from '../src/features/model/join-waitlist.operation.js';
import { demandView } from '../src/features/demand/demand-view.js';
import { modelView } from '../src/features/model/model-view.js';
import { RequestModelFromPage } from '../src/features/model/request-model.operation.js';
import { NotFoundPage } from '../src/features/not-found/not-found-page.js';
import type { Execute, Execution } from '../src/graphql/operation.js';
import { NO_FIELDS, type RequestFields, type RequestState } from '../src/ui/request-form.js';
import type { Site } from '../src/ui/site.js';
import { pageOf, type PublicPage } from './page.js';

export interface FormRequest {
  readonly site: Site;
  readonly fields: Readonly<Record<string, string>>;
  /** Whether `execute` acts for somebody. */
  readonly isSignedIn: boolean;
}

/**
 * Asks for a model, as the form of a page says.
 * @returns where the page is that says so, or the page of the form with what is wrong
 */
export async function sendRequest(form: FormRequest, execute: Execute): Promise<PublicPage> {
  const { site } = form;
  const fields: RequestFields = { ...NO_FIELDS, ...form.fields };
  const error = form.isSignedIn
    ? await askAsMember(fields, execute)
    : await askByMail(fields, execute);
  const back = fields.slug === '' ? '/demand' : `/models/${fields.slug}`;
  if (error === undefined) {
    const sent = form.isSignedIn ? 'counted' : 'mailed';
    return { status: 303, html: '', maxAge: 0, location: `${site.url}${back}?sent=${sent}#ask` };
  }
  const request: RequestState = { kind: 'refused', message: error, fields };
  const view =
    fields.slug === ''
      ? await demandView({ after: null, request }, execute)
      : await modelView({ slug: fields.slug, request, site }, execute);
  const missing = { status: 404, page: createElement(NotFoundPage, { search: fields.slug }) };
  return { ...pageOf(view ?? missing, site), maxAge: 0 };
}

/** @returns why not */
async function askAsMember(fields: RequestFields, execute: Execute): Promise<string | undefined> {
  const { slug, huggingFaceUrl, useCase } = fields;
  const answer = await execute(RequestModelFromPage, {
    slug: slug || null,
    huggingFaceUrl: huggingFaceUrl || null,
    useCase: useCase || null,
    isContactAllowed: true,
  });
  return reasonOf(answer, answer.data?.requestModel?.userErrors);
}

/** @returns why not */
async function askByMail(fields: RequestFields, execute: Execute): Promise<string | undefined> {
  const { slug, huggingFaceUrl, email, useCase } = fields;
  if (email.trim() === '') return 'Enter your email address, or sign in first.';
  const answer = await execute(JoinWaitlistFromPage, {
    slug: slug || null,
    huggingFaceUrl: huggingFaceUrl || null,
    email,
    useCase: useCase || null,
  });
  return reasonOf(answer, answer.data?.joinWaitlist?.userErrors);
}

function reasonOf(
  { data, errors }: Execution<unknown>,
  userErrors: readonly { readonly message: string }[] | undefined,
): string | undefined {
  const [error] = [...errors, ...(userErrors ?? [])];
  if (error !== undefined) return error.message;
  return data === null ? 'No answer. Send it again.' : undefined;
}
