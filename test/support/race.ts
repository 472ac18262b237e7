import type { World } from './world.ts';

/**
 * Runs requests so that they truly meet: writes to the table are held back until each request waits, for the table or
 * for another one's lock. By then all of them have read whatever they read before deciding. At most as many requests
 * as the application has connections.
 */
export async function race<Answer>(
  world: World,
  table: string,
  requests: (() => Promise<Answer>)[],
): Promise<Answer[]> {
  const { owner } = world.database;
  const gate = await owner.connect();
  try {
    await gate.query(`BEGIN; LOCK TABLE ${table} IN SHARE MODE`); // reads and row locks pass, writes wait
    let settled = 0;
    const answers = Promise.all(requests.map((request) => request().finally(() => void (settled += 1))));
    for (let waiting = 0; waiting + settled < requests.length;) {
      const { rows } = await owner.query<{ count: number }>(
        `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      waiting = rows[0]?.count ?? 0;
    }
    await gate.query('COMMIT');
    return await answers;
  } finally {
    gate.release(true); // with whatever it still locks
  }
}
