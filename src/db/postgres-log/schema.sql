-- A change log for a cache behind any server: what changed, in the order it became visible. Run as often as you like.
BEGIN;
SELECT pg_advisory_xact_lock(hashtextextended('coherent_cache', 0)); -- several nodes may start at once
SET LOCAL client_min_messages = warning; -- what exists already is no news
CREATE SCHEMA IF NOT EXISTS coherent_cache;

CREATE SEQUENCE IF NOT EXISTS coherent_cache.change_seq AS bigint CACHE 1;
CREATE TABLE IF NOT EXISTS coherent_cache.changes (
  tenant     text NOT NULL,
  seq        bigint NOT NULL,
  tags       text[] NOT NULL,
  logged_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant, seq)
);

-- How far each tenant's log was trimmed: a reader that is further behind cannot know what it missed.
CREATE TABLE IF NOT EXISTS coherent_cache.trims (
  tenant  text PRIMARY KEY,
  seq     bigint NOT NULL
);

CREATE TABLE IF NOT EXISTS coherent_cache.generations (
  only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  generation  uuid NOT NULL
);
INSERT INTO coherent_cache.generations (generation) VALUES (gen_random_uuid()) ON CONFLICT DO NOTHING;

-- Names this history. A database can only go back in time, or move to another machine, by being started again; a standby
-- that takes over is not, hence the timeline.
CREATE OR REPLACE FUNCTION coherent_cache.epoch() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT concat_ws('.', (SELECT oid FROM pg_database WHERE datname = current_database()),
                        'coherent_cache.changes'::regclass::oid,
                        extract(epoch FROM pg_postmaster_start_time()),
                        CASE WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) END,
                        (SELECT generation FROM coherent_cache.generations WHERE only_row))
$$;

-- Where these logs stand and what was added after these positions: in one statement, so one snapshot. Planned once for
-- each connection, and always by index: the plan is made while the log is short, and kept while it grows.
CREATE OR REPLACE FUNCTION coherent_cache.changes_since(tenants text[], positions bigint[])
  RETURNS TABLE (tenant text, epoch text, head bigint, trimmed bigint, changes json)
  LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT asked.tenant, (SELECT coherent_cache.epoch()),
         coalesce((SELECT max(seq) FROM coherent_cache.changes WHERE tenant = asked.tenant), 0),
         coalesce((SELECT seq FROM coherent_cache.trims WHERE tenant = asked.tenant), 0),
         (SELECT json_agg(json_build_array(seq, tags) ORDER BY seq) FROM coherent_cache.changes
           WHERE tenant = asked.tenant AND seq > asked.since)
    FROM unnest(tenants, positions) AS asked (tenant, since);
END $$;

CREATE OR REPLACE FUNCTION coherent_cache.renew_epoch(seen text) RETURNS void LANGUAGE sql AS $$
  UPDATE coherent_cache.generations SET generation = gen_random_uuid() WHERE coherent_cache.epoch() = seen
$$;

-- The lock is held until the commit is visible: nobody ever sees a number before a smaller one of the same tenant.
-- In a transaction of your own call it last, so that others wait for as short as possible.
CREATE OR REPLACE FUNCTION coherent_cache.append(of_tenant text, changed text[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  position bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('coherent_cache:' || of_tenant, 0));
  INSERT INTO coherent_cache.changes (tenant, seq, tags)
  VALUES (of_tenant, nextval('coherent_cache.change_seq'), changed) RETURNING seq INTO position;
  RETURN position;
END $$;

-- For triggers, jobs and psql: one entity changed, was created or deleted; without an id, any of its type may have.
CREATE OR REPLACE FUNCTION coherent_cache.changed(of_tenant text, typename text, id text DEFAULT NULL) RETURNS bigint
  LANGUAGE sql AS $$
  SELECT coherent_cache.append(of_tenant, ARRAY['L:' || typename, coalesce('E:' || typename || ':' || id, 'A:' || typename), 'any'])
$$;

-- Forgets changes older than this, but never a tenant's newest: readers must see where its log stands.
CREATE OR REPLACE FUNCTION coherent_cache.trim(older_than interval) RETURNS bigint LANGUAGE sql AS $$
  WITH newest AS (SELECT tenant, max(seq) AS seq FROM coherent_cache.changes GROUP BY tenant),
  gone AS (
    DELETE FROM coherent_cache.changes c USING newest n
     WHERE c.tenant = n.tenant AND c.seq < n.seq AND c.logged_at < now() - older_than
    RETURNING c.tenant, c.seq),
  noted AS (
    INSERT INTO coherent_cache.trims (tenant, seq) SELECT tenant, max(seq) FROM gone GROUP BY tenant
    ON CONFLICT (tenant) DO UPDATE SET seq = greatest(coherent_cache.trims.seq, excluded.seq))
  SELECT count(*) FROM gone
$$;
COMMIT;
