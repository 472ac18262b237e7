import type pg from 'pg';
import { AppError } from '../errors.ts';

/**
 * Refuses a connection that row-level security would not hold: a superuser, a role with BYPASSRLS, or one that
 * owns tables. `pool` is the one that requests use.
 */
export async function verifyApplicationRole(pool: pg.Pool): Promise<void> {
  const { rows } = await pool
    .query<RoleRow>(
      `SELECT r.rolname AS name, r.rolsuper AS superuser, r.rolbypassrls AS bypasses,
              (SELECT count(*) FROM pg_class c WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p', 'v', 'm')) AS owned
         FROM pg_roles r WHERE r.rolname = current_user`,
    )
    .catch((error: unknown) => {
      throw connectError(error);
    });
  const role = rows[0];
  const faults = [
    role?.superuser && 'is a superuser',
    role?.bypasses && 'has BYPASSRLS',
    role && role.owned > 0 && `owns ${role.owned} tables`,
  ].filter(Boolean);
  if (faults.length === 0) return;
  throw new AppError(
    'FORBIDDEN',
    `Requests would run as the database role "${role?.name}", which ${faults.join(' and ')}: ` +
      'row-level security would not keep tenants apart. ' +
      `Mend it: ALTER ROLE ${role?.name} NOSUPERUSER NOBYPASSRLS, and give its tables to the role that migrates.`,
  );
}

interface RoleRow {
  name: string;
  superuser: boolean;
  bypasses: boolean;
  owned: number;
}

function connectError(error: unknown): unknown {
  const { code, message } = error as { code?: string; message?: string };
  const advice = {
    '22023': 'The role is made by the migrations: run `npx freshfield migrate`, or set MIGRATE_ON_START=on.',
    '42501': 'Let the user of DATABASE_URL become it: GRANT freshfield_app TO that user.',
  }[code ?? ''];
  if (!advice) return error;
  return new AppError('FORBIDDEN', `Requests run as the database role freshfield_app: ${message}. ${advice}`, {
    cause: error,
  });
}
