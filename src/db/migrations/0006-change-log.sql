-- The change log: what changed, in the order it became visible. Writers of any kind append to it through triggers, in
-- the transaction of their change; caches check what they hold against it. docs/how-it-stays-fresh.md explains it.
CREATE SEQUENCE change_seq AS bigint CACHE 1;

CREATE TABLE change_log (
  tenant_id   uuid NOT NULL,
  seq         bigint,
  xid         xid8 NOT NULL DEFAULT pg_current_xact_id(),
  type        text NOT NULL,
  row_count   integer NOT NULL,
  tags        text[] NOT NULL,
  logged_at   timestamptz(3) NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX change_log_by_seq ON change_log (tenant_id, seq DESC);
CREATE INDEX change_log_unsealed ON change_log (xid) WHERE seq IS NULL;
CREATE INDEX change_log_by_age ON change_log (logged_at);
-- Tags name types and ids, never contents; one pull reads the changes of several tenants, so no row-level security here.
GRANT SELECT ON change_log TO freshfield_app;

-- How far a tenant's log has been trimmed: a reader that is further behind cannot know what it missed.
CREATE TABLE change_log_trims (
  tenant_id  uuid PRIMARY KEY,
  seq        bigint NOT NULL
);
GRANT SELECT ON change_log_trims TO freshfield_app;

-- Names this history. Renewed when a node sees that the database has gone back in time under it.
CREATE TABLE change_epochs (
  only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  generation  uuid NOT NULL
);
INSERT INTO change_epochs (generation) VALUES (gen_random_uuid());

-- What cache keys are made with. All nodes read it here, so that they find each other's entries.
CREATE TABLE cache_key_secrets (
  only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  secret    text NOT NULL
);
INSERT INTO cache_key_secrets (secret) VALUES (gen_random_uuid()::text || gen_random_uuid()::text);
GRANT SELECT ON cache_key_secrets TO freshfield_app;

CREATE FUNCTION change_epoch() RETURNS text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  SELECT concat_ws('.', (SELECT system_identifier FROM pg_control_system()),
                        (SELECT timeline_id FROM pg_control_checkpoint()),
                        (SELECT oid FROM pg_database WHERE datname = current_database()),
                        'change_log'::regclass::oid,
                        (SELECT generation FROM change_epochs))
$$;

CREATE FUNCTION renew_change_epoch(seen text) RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  -- Only for the history that was seen to be wrong: of many nodes that notice, one renews it.
  UPDATE change_epochs SET generation = gen_random_uuid() WHERE change_epoch() = seen
$$;

-- Seals the changes of a transaction as it commits: one number per tenant, taken under a lock that is held until the
-- commit is visible. So the order of numbers is the order of visibility, and no reader ever sees 8 before 7.
CREATE FUNCTION seal_changes() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  tenant record;
BEGIN
  -- Locks in one order for everybody: two transactions that touch the same tenants cannot wait for each other.
  FOR tenant IN
    SELECT DISTINCT tenant_id AS id, hashtextextended('freshfield:' || tenant_id, 0) AS lock_key
      FROM change_log WHERE xid = pg_current_xact_id() AND seq IS NULL ORDER BY lock_key
  LOOP
    PERFORM pg_advisory_xact_lock(tenant.lock_key);
    UPDATE change_log SET seq = nextval('change_seq')
     WHERE xid = pg_current_xact_id() AND seq IS NULL AND tenant_id = tenant.id;
  END LOOP;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER seal AFTER INSERT ON change_log
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seal_changes();
ALTER TABLE change_log ENABLE ALWAYS TRIGGER seal;

-- The one declarative place: each table, the name of its type in tags, and the columns a read may be narrowed by.
-- `created_at:month` partitions by calendar month (UTC for instants), for reads of a range of dates.
CREATE TABLE tracked_tables (
  table_name  text PRIMARY KEY,
  type        text UNIQUE,
  partitions  text[] NOT NULL DEFAULT '{}',
  -- Why nothing caches what is in this table; NULL where it is tracked.
  exempt      text,
  CHECK ((type IS NULL) = (exempt IS NOT NULL))
);
GRANT SELECT ON tracked_tables TO freshfield_app;

-- Rows that one statement may change before its tags collapse to those of the whole type.
CREATE FUNCTION change_collapse_rows() RETURNS integer LANGUAGE sql IMMUTABLE RETURN 500;

-- The tags of one row, as an SQL expression over the alias r. Months are those of UTC, whatever the session's zone.
CREATE FUNCTION change_tag_expression(target regclass, type text, partitions text[]) RETURNS text
  LANGUAGE sql STABLE AS $$
  WITH columns AS (SELECT attname, atttypid FROM pg_attribute WHERE attrelid = target AND attnum > 0 AND NOT attisdropped),
  parts AS (
    SELECT 0 AS place, format('%L || r.id::text', 'E:' || type || ':') AS part FROM columns WHERE attname = 'id'
    UNION ALL
    SELECT place::integer,
           format('%L || coalesce(%s, ''null'')', 'P:' || type || ':' || spec || '=',
             CASE WHEN spec NOT LIKE '%:month' THEN format('r.%I::text', attname)
                  WHEN atttypid = 'timestamptz'::regtype THEN format('to_char(r.%I AT TIME ZONE ''UTC'', ''YYYY-MM'')', attname)
                  ELSE format('to_char(r.%I, ''YYYY-MM'')', attname) END)
      FROM unnest(partitions) WITH ORDINALITY AS p (spec, place)
      JOIN columns ON attname = split_part(spec, ':', 1))
  SELECT 'ARRAY[' || coalesce(string_agg(part, ', ' ORDER BY place), '') || ']::text[]' FROM parts
$$;

-- Called once by the migration that creates a table; makes its trigger functions, with its columns written out.
CREATE FUNCTION track_changes(target regclass, type text, partitions text[] DEFAULT '{}') RETURNS void
  LANGUAGE plpgsql AS $$
DECLARE
  name text := (SELECT relname FROM pg_class WHERE oid = target);
  has_tenant boolean := EXISTS (SELECT FROM pg_attribute WHERE attrelid = target AND attname = 'tenant_id' AND NOT attisdropped);
  tenant_column text := CASE WHEN has_tenant THEN 'r.tenant_id' WHEN name = 'tenants' THEN 'r.id' END;
  tag_expression text := change_tag_expression(target, type, partitions);
  event text;
  source text;
BEGIN
  INSERT INTO tracked_tables (table_name, type, partitions) VALUES (name, type, partitions);
  FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete'] LOOP
    source := CASE event
      WHEN 'insert' THEN 'SELECT * FROM new_rows'
      WHEN 'delete' THEN 'SELECT * FROM old_rows'
      ELSE 'SELECT * FROM old_rows UNION ALL SELECT * FROM new_rows' END;
    IF tenant_column IS NULL THEN
      -- Shared by all tenants: a change of it is a change for each of them.
      EXECUTE format($f$
        CREATE FUNCTION %I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $body$
        BEGIN
          IF NOT EXISTS (%s) THEN RETURN NULL; END IF;
          PERFORM log_change_for_all(%L);
          RETURN NULL;
        END $body$ $f$, 'log_' || event || '_' || name, source, type);
    ELSE
      EXECUTE format($f$
        CREATE FUNCTION %1$I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $body$
        BEGIN
          IF (SELECT count(*) FROM (SELECT FROM %7$I LIMIT change_collapse_rows() + 1) few) > change_collapse_rows() THEN
            INSERT INTO change_log (tenant_id, type, row_count, tags)
            SELECT %3$s, %2$L, count(*) / %5$s, ARRAY['L:%6$s', 'A:%6$s'] FROM (%8$s) r GROUP BY 1;
          ELSE
            INSERT INTO change_log (tenant_id, type, row_count, tags)
            SELECT tenant, %2$L, count(DISTINCT row_number) / %5$s, array_agg(DISTINCT tag)
              FROM (SELECT %3$s AS tenant, row_number() OVER () AS row_number, %4$s AS row_tags FROM (%8$s) r) tagged,
                   unnest(row_tags || 'L:%6$s'::text) AS tag
             GROUP BY tenant;
          END IF;
          RETURN NULL;
        END $body$ $f$,
        'log_' || event || '_' || name, type, tenant_column, tag_expression,
        CASE event WHEN 'update' THEN 2 ELSE 1 END, type,
        CASE event WHEN 'delete' THEN 'old_rows' ELSE 'new_rows' END, source);
    END IF;
    EXECUTE format('CREATE TRIGGER %I AFTER %s ON %s %s FOR EACH STATEMENT EXECUTE FUNCTION %I()',
      'log_' || event, event, target,
      CASE event
        WHEN 'insert' THEN 'REFERENCING NEW TABLE AS new_rows'
        WHEN 'delete' THEN 'REFERENCING OLD TABLE AS old_rows'
        ELSE 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows' END,
      'log_' || event || '_' || name);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', target, 'log_' || event);
  END LOOP;
  -- Transition tables do not see TRUNCATE, which empties the table for every tenant.
  EXECUTE format('CREATE TRIGGER log_truncate AFTER TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION log_truncate(%L)',
    target, type);
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER log_truncate', target);
END $$;

-- For tables that no cached answer is made from.
CREATE FUNCTION exempt_from_tracking(target regclass, why text) RETURNS void
  LANGUAGE sql AS $$
  INSERT INTO tracked_tables (table_name, exempt) SELECT relname, why FROM pg_class WHERE oid = target
$$;

CREATE FUNCTION log_change_for_all(changed_type text) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
  INSERT INTO change_log (tenant_id, type, row_count, tags)
  SELECT id, changed_type, 0, ARRAY['L:' || changed_type, 'A:' || changed_type] FROM tenants
$$;

CREATE FUNCTION log_truncate() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM log_change_for_all(TG_ARGV[0]);
  RETURN NULL;
END $$;

-- For what lives outside SQL: `T:weather`. The application may call it for its own tenant only.
CREATE FUNCTION log_custom_change(names text[]) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
  INSERT INTO change_log (tenant_id, type, row_count, tags)
  SELECT current_tenant(), 'custom', 0, array_agg('T:' || name) FROM unnest(names) AS name
  HAVING current_tenant() IS NOT NULL AND count(*) > 0
$$;

-- Forgets changes older than this, but never a tenant's newest: readers must see where its log stands.
CREATE FUNCTION trim_change_log(older_than interval) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  trimmed bigint;
BEGIN
  WITH newest AS (SELECT tenant_id, max(seq) AS seq FROM change_log GROUP BY tenant_id),
  gone AS (
    DELETE FROM change_log c USING newest n
     WHERE c.tenant_id = n.tenant_id AND c.seq < n.seq AND c.logged_at < now() - older_than
    RETURNING c.tenant_id, c.seq),
  noted AS (
    INSERT INTO change_log_trims (tenant_id, seq) SELECT tenant_id, max(seq) FROM gone GROUP BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET seq = greatest(change_log_trims.seq, excluded.seq))
  SELECT count(*) INTO trimmed FROM gone;
  RETURN trimmed;
END $$;

SELECT track_changes('tenants', 'tenant');
SELECT track_changes('sites', 'site');
SELECT track_changes('teams', 'team');
SELECT track_changes('people', 'person', ARRAY['site_id']);
SELECT track_changes('team_members', 'team_member', ARRAY['person_id', 'team_id']);
SELECT track_changes('person_sites', 'person_site', ARRAY['person_id', 'site_id']);
SELECT track_changes('permissions', 'permission');
SELECT track_changes('roles', 'role');
SELECT track_changes('role_permissions', 'role_permission', ARRAY['role_id']);
SELECT track_changes('person_roles', 'person_role', ARRAY['person_id', 'role_id']);
SELECT track_changes('preferences', 'preference', ARRAY['person_id']);
SELECT track_changes('notifications', 'notification', ARRAY['person_id']);
SELECT track_changes('choices', 'choice', ARRAY['kind']);
SELECT track_changes('customers', 'customer');
SELECT track_changes('assets', 'asset', ARRAY['site_id', 'holder_id', 'type_id', 'status']);
SELECT track_changes('tickets', 'ticket',
  ARRAY['site_id', 'assignee_id', 'reporter_id', 'team_id', 'customer_id', 'category_id', 'asset_id', 'created_at:month']);
SELECT track_changes('ticket_comments', 'ticket_comment', ARRAY['ticket_id']);
SELECT track_changes('ticket_events', 'ticket_event', ARRAY['ticket_id']);
SELECT track_changes('attendance', 'attendance', ARRAY['person_id', 'site_id', 'day:month']);
SELECT track_changes('shifts', 'shift', ARRAY['person_id', 'site_id', 'team_id', 'day:month']);
SELECT track_changes('leave_requests', 'leave_request', ARRAY['person_id', 'starts_on:month']);
SELECT track_changes('jobs', 'job', ARRAY['site_id', 'assignee_id', 'asset_id', 'scheduled_for:month']);
SELECT exempt_from_tracking('ticket_numbers', 'Read only while a ticket is created.');
SELECT exempt_from_tracking('idempotency_keys', 'Read only inside mutations.');
SELECT exempt_from_tracking('audit_log', 'Append-only and never cached.');
