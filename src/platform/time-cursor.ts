import { AppError } from '../errors.js';

/** A place in a list by time and id. */
export interface TimePlace {
  /** To the millisecond. */
  readonly at: Date;
  readonly id: string;
}

const ID = /^[\w:./-]{1,400}$/;

/** The place of a row as an opaque cursor. */
export function encodeTimeCursor({ at, id }: TimePlace): string {
  return Buffer.from(JSON.stringify([at.getTime(), id])).toString('base64url');
}

/** @throws AppError BAD_USER_INPUT for one that is none of ours */
export function decodeTimeCursor(cursor: string): TimePlace {
  try {
    const [ms, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    // The range of Date.
    if (typeof ms === 'number' && Number.isInteger(ms) && Math.abs(ms) <= 8.64e15) {
      if (typeof id === 'string' && ID.test(id)) return { at: new Date(ms), id };
    }
  } catch {
    // Falls through: not one of ours.
  }
  throw new AppError('BAD_USER_INPUT', 'The cursor does not belong to this list.', {
    details: { argument: 'after' },
  });
}
