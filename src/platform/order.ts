export const DIRECTIONS = { ASC: 'ASC', DESC: 'DESC' } as const;
/** Of a sorted list. */
export type Direction = keyof typeof DIRECTIONS;
