-- Who owns what: the connecting role owns the tables; every request runs as freshfield_app, which owns nothing
-- and is held to one tenant by row-level security.
DO $$
BEGIN
  CREATE ROLE freshfield_app NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL; -- roles belong to the whole cluster: another database of it made this one
END $$;

DO $$
BEGIN
  EXECUTE format('GRANT freshfield_app TO %I', current_user);
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO freshfield_app', current_schema());
END $$;

CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- The tenant of the running transaction; NULL (so: no rows at all) when none was set.
CREATE FUNCTION current_tenant() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('app.tenant', true), '')::uuid;

-- Called once by the migration that creates a table with a tenant_id column.
CREATE FUNCTION protect_tenant_table(target regclass) RETURNS void
  LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ALTER COLUMN tenant_id SET DEFAULT current_tenant()', target);
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
  EXECUTE format(
    'CREATE POLICY tenant_isolation ON %s USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())',
    target);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO freshfield_app', target);
END $$;

-- Postgres uses no trigram index for somebody whom a row-level policy holds: LIKE is not leakproof, so the policy must
-- be checked on every row first. Searches are therefore functions of a role that sees every row of the tables they
-- search and nothing else. Each holds itself to current_tenant() and answers ids; the rows are read by the caller.
DO $$
BEGIN
  CREATE ROLE freshfield_search NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL;
END $$;

DO $$
BEGIN
  EXECUTE format('GRANT freshfield_search TO %I', current_user);
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO freshfield_search', current_schema());
END $$;

-- Called once by the migration that creates a search function over a table.
CREATE FUNCTION hand_to_search(search regprocedure, target regclass) RETURNS void
  LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('GRANT SELECT ON %s TO freshfield_search', target);
  EXECUTE format('CREATE POLICY search ON %s FOR SELECT TO freshfield_search USING (true)', target);
  EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', search);
  EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO freshfield_app', search);
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO freshfield_search', current_schema()); -- a new owner must have it
  EXECUTE format('ALTER FUNCTION %s OWNER TO freshfield_search', search);
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM freshfield_search', current_schema());
END $$;

CREATE TABLE tenants (
  id          uuid PRIMARY KEY,
  slug        text NOT NULL UNIQUE CHECK (slug ~ '^[a-z][a-z0-9-]{1,62}$'),
  name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  time_zone   text NOT NULL DEFAULT 'UTC',
  version     integer NOT NULL DEFAULT 1,
  created_at  timestamptz(3) NOT NULL DEFAULT now(),
  updated_at  timestamptz(3) NOT NULL DEFAULT now()
);
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON tenants TO freshfield_app
  USING (id = current_tenant()) WITH CHECK (id = current_tenant());
-- Operators (migrate, seed, import, token) look tenants up by slug over the owner's connection.
DO $$
BEGIN
  EXECUTE format('CREATE POLICY operators ON tenants TO %I USING (true) WITH CHECK (true)', current_user);
END $$;
GRANT SELECT, UPDATE ON tenants TO freshfield_app;

-- Readiness: the application may see which migrations have been applied.
GRANT SELECT ON kysely_migration TO freshfield_app;
