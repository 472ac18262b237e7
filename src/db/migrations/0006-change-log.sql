-- The change log: what changed, in the order it became visible. Writers of any kind append to it through triggers, in
-- the transaction of their change; caches check what they hold against it. docs/what-invalidates-what.md explains it.

-- The functions below run with their owner's rights and find names along this path, temporary tables last: else
-- anybody could put a temporary table in the place of the log, and have their changes logged there.
-- What they look up in the log they look up by index, always: plans are kept for as long as a connection lives, and one
-- made while the log was short would read all of it, however long it becomes.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

CREATE SEQUENCE change_seq AS bigint CACHE 1;

-- One row per transaction and tenant, added as the transaction commits.
CREATE TABLE change_log (
  tenant_id  uuid NOT NULL,
  seq        bigint NOT NULL,
  -- Together they name the transaction. Alone an xid does not: a dump may be restored where it means another one.
  xid        xid8 NOT NULL,
  begun_at   timestamptz NOT NULL,
  sealed_at  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, seq)
);

-- What the statements of a transaction changed, written as they run.
CREATE TABLE change_log_tags (
  xid        xid8 NOT NULL DEFAULT pg_current_xact_id(),
  begun_at   timestamptz NOT NULL DEFAULT now(),
  tenant_id  uuid NOT NULL,
  type       text NOT NULL,
  row_count  integer NOT NULL,
  tags       text[] NOT NULL,
  -- The first of its transaction and tenant: it has the transaction sealed as it commits.
  opens      boolean NOT NULL
);
CREATE INDEX change_log_tags_by_transaction ON change_log_tags (xid);

-- How far a tenant's log has been trimmed: a reader that is further behind cannot know what it missed.
CREATE TABLE change_log_trims (
  tenant_id  uuid PRIMARY KEY,
  seq        bigint NOT NULL
);

-- Tags name types and ids, never contents; one pull reads the changes of several tenants, so no row-level security here.
GRANT SELECT ON change_log, change_log_tags, change_log_trims TO freshfield_app;

-- What cache keys are made with, one for each database. Whoever can read cached answers in Redis but not this table
-- can neither tell what a key stands for nor make one.
CREATE TABLE cache_key_secrets (
  only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  secret    text NOT NULL
);
INSERT INTO cache_key_secrets (secret) VALUES (gen_random_uuid()::text || gen_random_uuid()::text);
GRANT SELECT ON cache_key_secrets TO freshfield_app;

-- Seals a transaction as it commits: one number per tenant, taken under a lock that is held until the commit is
-- visible. So the order of numbers is the order of visibility, and no reader ever sees 8 before 7.
CREATE FUNCTION seal_changes() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET enable_seqscan = off AS $$
DECLARE
  tenant uuid;
  tenants uuid[] := ARRAY[NEW.tenant_id];
  locked boolean;
BEGIN
  IF EXISTS (SELECT FROM change_log_tags
              WHERE xid = NEW.xid AND begun_at = NEW.begun_at AND opens AND tenant_id <> NEW.tenant_id) THEN
    -- Locks in one order for everybody: two transactions that touch the same tenants cannot wait for each other.
    tenants := ARRAY(SELECT DISTINCT tenant_id FROM change_log_tags
                      WHERE xid = NEW.xid AND begun_at = NEW.begun_at AND opens AND NOT is_sealed(tenant_id)
                      ORDER BY tenant_id);
  END IF;
  FOREACH tenant IN ARRAY tenants LOOP
    -- An assignment, because it is the quickest way to call a function.
    locked := pg_advisory_xact_lock(hashtextextended('freshfield:' || tenant, 0)) IS NULL;
    INSERT INTO change_log (tenant_id, seq, xid, begun_at, sealed_at)
    VALUES (tenant, nextval('change_seq'), NEW.xid, NEW.begun_at, clock_timestamp());
  END LOOP;
  RETURN NULL;
END $$;

-- Whether this transaction has its number already. If so it holds the lock, and nobody can have added a later one.
CREATE FUNCTION is_sealed(tenant uuid) RETURNS boolean
  LANGUAGE sql VOLATILE SET search_path FROM CURRENT AS $$
  SELECT EXISTS (
    SELECT FROM (SELECT xid, begun_at FROM change_log WHERE tenant_id = tenant ORDER BY seq DESC LIMIT 1) newest
     WHERE xid = pg_current_xact_id() AND begun_at = now())
$$;

CREATE CONSTRAINT TRIGGER seal AFTER INSERT ON change_log_tags
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.opens) EXECUTE FUNCTION seal_changes();
ALTER TABLE change_log_tags ENABLE ALWAYS TRIGGER seal;

-- What this transaction has changed, for whoever commits it, once it is sealed: [type, rows, position] of each statement
-- that is in the log; NULL where none is. A function, because it is planned once.
CREATE FUNCTION sealed_changes() RETURNS json
  LANGUAGE plpgsql STABLE SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
BEGIN
  RETURN (SELECT json_agg(json_build_array(type, row_count,
                   (SELECT max(seq) FROM change_log log WHERE log.tenant_id = changed.tenant_id)))
            FROM change_log_tags changed
           WHERE xid = pg_current_xact_id_if_assigned() AND begun_at = now());
END $$;

-- Names this history. Nothing that was cached under another name is served any more.
CREATE TABLE change_epochs (
  only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  generation  uuid NOT NULL
);
INSERT INTO change_epochs (generation) VALUES (gen_random_uuid());

-- A database can only go back in time, or be another one, by being started anew: from a backup, from a copy of its
-- files, on another machine. So the start is part of the name, and a plain restart costs what was cached. A standby that
-- takes over is not started anew: hence the timeline. Not that of pg_control_checkpoint(): after a failover it is the old
-- one until the next checkpoint.
CREATE FUNCTION change_epoch() RETURNS text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  SELECT concat_ws('.', extract(epoch FROM pg_postmaster_start_time()),
                        CASE WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) END,
                        (SELECT oid FROM pg_database WHERE datname = current_database()),
                        'change_log'::regclass::oid,
                        (SELECT generation FROM change_epochs WHERE only_row))
$$;

-- Where a tenant's log stands: the newest change that a snapshot contains. Every request asks, so it is planned once.
CREATE FUNCTION newest_change(of_tenant uuid) RETURNS bigint
  LANGUAGE plpgsql STABLE SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
BEGIN
  RETURN coalesce((SELECT max(seq) FROM change_log WHERE tenant_id = of_tenant), 0);
END $$;

-- Where these tenants' logs stand and what was added after these positions: in one statement, so one snapshot. Every
-- cached answer waits for it. A function, because it is planned once: planning costs several times what running it does.
CREATE FUNCTION changes_since(tenants uuid[], positions bigint[])
  RETURNS TABLE (tenant_id uuid, epoch text, head bigint, trimmed bigint, changes json)
  LANGUAGE plpgsql STABLE SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT asked.tenant_id, (SELECT change_epoch()),
         coalesce((SELECT max(seq) FROM change_log WHERE tenant_id = asked.tenant_id), 0),
         coalesce((SELECT seq FROM change_log_trims WHERE tenant_id = asked.tenant_id), 0),
         (SELECT json_agg(json_build_array(log.seq, changed.tags) ORDER BY log.seq)
            FROM change_log log JOIN change_log_tags changed USING (xid, begun_at, tenant_id)
           WHERE log.tenant_id = asked.tenant_id AND log.seq > asked.since)
    FROM unnest(tenants, positions) AS asked (tenant_id, since);
END $$;

-- For a node that sees that the database has gone back in time. Only for the history that was seen to be wrong: of
-- many nodes that notice, one renews it.
CREATE FUNCTION renew_change_epoch(seen text) RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  UPDATE change_epochs SET generation = gen_random_uuid() WHERE change_epoch() = seen
$$;

-- For a change whose rows nobody can name: of the schema, of what all tenants share, of whole tables emptied.
CREATE FUNCTION renew_change_epoch() RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  UPDATE change_epochs SET generation = gen_random_uuid()
$$;

-- A change of the schema may change any answer. Only superusers may have Postgres tell of it; without, migrations
-- renew the epoch as they are applied, and whoever changes the schema otherwise calls renew_change_epoch().
CREATE FUNCTION note_schema_change() RETURNS event_trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  IF TG_EVENT = 'sql_drop' THEN
    IF NOT EXISTS (SELECT FROM pg_event_trigger_dropped_objects()
                    WHERE original AND NOT is_temporary AND object_type NOT IN ('index', 'schema')
                      AND coalesce(schema_name, current_schema()) = current_schema()) THEN RETURN; END IF;
  ELSIF NOT EXISTS (SELECT FROM pg_event_trigger_ddl_commands()
                     WHERE object_type NOT IN ('index', 'schema') AND command_tag <> 'COMMENT'
                       AND coalesce(schema_name, current_schema()) = current_schema()) THEN RETURN;
  END IF;
  PERFORM renew_change_epoch();
END $$;

DO $$
BEGIN
  IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    CREATE EVENT TRIGGER freshfield_schema_changed ON ddl_command_end EXECUTE FUNCTION note_schema_change();
    CREATE EVENT TRIGGER freshfield_schema_dropped ON sql_drop EXECUTE FUNCTION note_schema_change();
    ALTER EVENT TRIGGER freshfield_schema_changed ENABLE ALWAYS;
    ALTER EVENT TRIGGER freshfield_schema_dropped ENABLE ALWAYS;
  END IF;
END $$;

-- The application reads the log, and can do no more to it than this.
DO $$
DECLARE
  logging regprocedure;
BEGIN
  FOREACH logging IN ARRAY ARRAY['is_sealed(uuid)', 'change_epoch()', 'renew_change_epoch(text)',
    'renew_change_epoch()', 'seal_changes()', 'note_schema_change()']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', logging);
  END LOOP;
  GRANT EXECUTE ON FUNCTION change_epoch(), renew_change_epoch(text) TO freshfield_app;
END $$;
