import type { z } from 'zod';

const LENGTH_MAX = 300;

/** The first fault of a value, as `path.to.it: what is wrong`, at most 300 characters. */
export function describeIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return 'is not valid';
  const path = issue.path.map(String).join('.');
  const text = path === '' ? issue.message : `${path}: ${issue.message}`;
  return text.length > LENGTH_MAX ? `${text.slice(0, LENGTH_MAX)}…` : text;
}
