const MONTHS = new Intl.DateTimeFormat('en-US', {
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
});
const DAYS = new Intl.DateTimeFormat('en-US', { dateStyle: 'medium', timeZone: 'UTC' });

/** A date as precise as it is known: `2023`, `Oct 2023`, `Oct 17, 2023`. @param date ISO 8601, perhaps without day or month */
export function partialDate(date: string): string {
  if (/^\d{4}$/.test(date)) return date;
  return (/^\d{4}-\d\d$/.test(date) ? MONTHS : DAYS).format(new Date(date));
}

/** The day of an instant in UTC. */
export function day(instant: string): string {
  return DAYS.format(new Date(instant));
}
