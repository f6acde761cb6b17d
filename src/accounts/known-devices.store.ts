import type { Queryable } from '../platform/database.js';
import type { UserId } from '../platform/ids.js';

/** Days without a sign-in after which a device is a new one again. */
const FORGOTTEN_DAYS = 90;

/** A browser or program on a network. */
export interface Device {
  /** SHA-256 of network and user agent, in hexadecimal. */
  readonly device: string;
  /** IPv4 address or IPv6 /64. */
  readonly network: string;
}

/**
 * Notes that a person has signed in there. Forgets what was not used for long.
 * @returns whether they have signed in before, but not there
 */
export async function rememberDevice(
  db: Queryable,
  userId: UserId,
  { device, network }: Device,
): Promise<boolean> {
  const [row] = await db.query<{ isNew: boolean }>(
    `WITH forgotten AS (
       DELETE FROM known_device
        WHERE user_id = $1 AND device <> $2 AND last_used_at < db_now() - make_interval(days => $4))
     INSERT INTO known_device (user_id, device, network) VALUES ($1, $2, $3)
     ON CONFLICT (user_id, device) DO UPDATE SET last_used_at = db_now()
     RETURNING xmax = 0 AND EXISTS (SELECT FROM known_device WHERE user_id = $1 AND device <> $2) AS "isNew"`,
    [userId, device, network, FORGOTTEN_DAYS],
  );
  return row?.isNew ?? false;
}

/** Whether the person with this address has signed in from the network. */
export async function isKnownNetwork(
  db: Queryable,
  email: string,
  network: string,
): Promise<boolean> {
  const rows = await db.query(
    `SELECT FROM known_device d JOIN app_user u ON u.id = d.user_id
      WHERE u.email = $1 AND d.network = $2 AND d.last_used_at >= db_now() - make_interval(days => $3) LIMIT 1`,
    [email, network, FORGOTTEN_DAYS],
  );
  return rows.length > 0;
}
