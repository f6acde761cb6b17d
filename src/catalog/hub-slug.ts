import { AppError } from '../errors.js';

const HUB_HOSTS = new Set(['huggingface.co', 'www.huggingface.co', 'hf.co']);
/** As the Hugging Face Hub allows: letters, digits, "-", "_", "."; 96 characters at most each. */
const PART = /^[A-Za-z0-9][\w.-]{0,95}$/;
/** Beginnings of addresses there that are no models' owners. */
const NO_OWNERS = new Set([
  'api',
  'blog',
  'collections',
  'datasets',
  'docs',
  'models',
  'organizations',
  'papers',
  'posts',
  'settings',
  'spaces',
  'tasks',
]);

/**
 * The slug that an address of a model's page at the Hugging Face Hub stands for, or a slug itself.
 * @returns `owner/name`, in the case that was given
 * @throws AppError BAD_USER_INPUT for anything else
 */
export function slugOf(slugOrUrl: string): string {
  const parts = slugOrUrl.length > 500 ? [] : partsOf(slugOrUrl.trim());
  const [owner = '', name = '', ...rest] = parts;
  const isPage = rest.length === 0 || ['tree', 'blob', 'resolve'].includes(rest[0] ?? '');
  const isSlug = PART.test(owner) && PART.test(name) && !/--|\.\.|\.git$/.test(`${owner}/${name}`);
  if (isPage && isSlug && !NO_OWNERS.has(owner.toLowerCase())) return `${owner}/${name}`;
  throw new AppError(
    'BAD_USER_INPUT',
    'Give the model as "owner/name", or as the URL of its page, such as https://huggingface.co/owner/name.',
    { details: { argument: 'model' } },
  );
}

function partsOf(text: string): string[] {
  const address = /^(?:www\.)?(?:huggingface\.co|hf\.co)\//i.test(text) ? `https://${text}` : text;
  const url = /^https?:/i.test(address) ? URL.parse(address) : undefined;
  if (url === undefined) return address.split('/');
  if (url === null || !HUB_HOSTS.has(url.hostname) || url.username !== '') return [];
  return url.pathname.split('/').filter((part) => part !== '');
}
