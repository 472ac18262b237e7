-- Which tables the change log knows, and how. docs/what-invalidates-what.md tells how to add one.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

-- The one declarative place: each table, the name of its type in tags, and the columns a read may be narrowed by.
-- `id` names single rows; `created_at:month` partitions by calendar month (UTC for instants), for ranges of dates.
CREATE TABLE tracked_tables (
  table_name  text PRIMARY KEY,
  type        text UNIQUE CHECK (type ~ '^[a-z_]+$'),
  narrowings  text[] NOT NULL DEFAULT '{}',
  -- Why nothing cached is made from this table; NULL where it is tracked.
  exempt      text,
  CHECK ((type IS NULL) = (exempt IS NOT NULL))
);
GRANT SELECT ON tracked_tables TO freshfield_app;

-- Rows that one statement may change before its tags collapse to those of the whole type.
CREATE FUNCTION change_collapse_rows() RETURNS integer LANGUAGE sql IMMUTABLE RETURN 500;

-- For tables that no cached answer is made from.
CREATE FUNCTION exempt_from_tracking(target regclass, why text) RETURNS void
  LANGUAGE sql SET search_path FROM CURRENT AS $$
  INSERT INTO tracked_tables (table_name, exempt) SELECT relname, why FROM pg_class WHERE oid = target
$$;

-- What a table's rows are told apart by in tags: what the tags begin with, and the value that follows, as an SQL
-- expression in which $row stands for the row. NULL is told by no tag: no read is narrowed to it.
-- Only columns whose values have one text each, which reads can write too: 1.0 and 1 are equal numerics.
CREATE FUNCTION change_tag_parts(target regclass, type text, narrowings text[]) RETURNS TABLE (prefix text, value text)
  LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  narrowing text;
  col record;
BEGIN
  FOREACH narrowing IN ARRAY narrowings LOOP
    SELECT attname, atttypid::regtype AS kind, coalesce(collisdeterministic, true) AS is_exact INTO col
      FROM pg_attribute LEFT JOIN pg_collation c ON c.oid = attcollation
     WHERE attrelid = target AND attname = split_part(narrowing, ':', 1) AND attnum > 0 AND NOT attisdropped;
    prefix := CASE narrowing WHEN 'id' THEN 'E:' || type || ':' ELSE 'P:' || type || ':' || narrowing || '=' END;
    IF col.kind IN ('uuid', 'text', 'boolean', 'smallint', 'integer', 'bigint') AND col.is_exact
       AND narrowing = col.attname THEN
      value := format('$row.%I', col.attname);
    ELSIF col.kind IN ('date', 'timestamptz') AND narrowing = col.attname || ':month' THEN
      value := format('to_char($row.%I%s, ''YYYY-MM'')', col.attname,
        CASE col.kind WHEN 'timestamptz'::regtype THEN ' AT TIME ZONE ''UTC''' END);
    ELSE
      RAISE EXCEPTION 'Reads of % cannot be narrowed by "%": it has no such column, or not of a usable type.', target, narrowing;
    END IF;
    RETURN NEXT;
  END LOOP;
END $$;

-- Called by the migration that creates a table, and again by one that adds a narrowing to it.
CREATE FUNCTION track_changes(target regclass, type text, partitions text[] DEFAULT '{}') RETURNS void
  LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  name text := (SELECT relname FROM pg_class WHERE oid = target);
  columns text[] := (SELECT array_agg(attname) FROM pg_attribute WHERE attrelid = target AND attnum > 0 AND NOT attisdropped);
  wanted text[] := CASE WHEN 'id' = ANY (columns) THEN ARRAY['id'] ELSE '{}' END || partitions;
  tenant text := CASE WHEN 'tenant_id' = ANY (columns) THEN 'tenant_id' WHEN name = 'tenants' THEN 'id' END;
  event text;
BEGIN
  IF EXISTS (SELECT FROM tracked_tables t WHERE t.table_name = name AND NOT t.narrowings <@ wanted) THEN
    RAISE EXCEPTION 'Nodes that are running still narrow their reads of % by what is missing here.', target;
  END IF;
  INSERT INTO tracked_tables (table_name, type, narrowings) VALUES (name, type, wanted)
  ON CONFLICT (table_name) DO UPDATE SET type = excluded.type, narrowings = excluded.narrowings, exempt = NULL;

  FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete'] LOOP
    EXECUTE format(
      'CREATE OR REPLACE FUNCTION %I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET enable_seqscan = off AS %L',
      'log_' || event || '_' || name,
      CASE WHEN tenant IS NULL THEN shared_change_body(event) ELSE change_body(target, event, type, tenant, wanted) END);
    EXECUTE format('REVOKE ALL ON FUNCTION %I() FROM PUBLIC', 'log_' || event || '_' || name);
    EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER %s ON %s REFERENCING %s FOR EACH STATEMENT EXECUTE FUNCTION %I()',
      'log_' || event, event, target,
      concat_ws(' ', CASE WHEN event <> 'insert' THEN 'OLD TABLE AS old_rows' END,
                     CASE WHEN event <> 'delete' THEN 'NEW TABLE AS new_rows' END),
      'log_' || event || '_' || name);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', target, 'log_' || event);
  END LOOP;
  -- Transition tables do not see TRUNCATE, which empties the table for every tenant.
  EXECUTE format('CREATE OR REPLACE TRIGGER log_truncate AFTER TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION note_truncate()', target);
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER log_truncate', target);
END $$;

CREATE FUNCTION note_truncate() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM renew_change_epoch();
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION note_truncate() FROM PUBLIC;

-- For a table that all tenants share: a change of it may change every answer.
CREATE FUNCTION shared_change_body(event text) RETURNS text
  LANGUAGE sql IMMUTABLE
  RETURN format('BEGIN IF EXISTS (SELECT FROM %s) THEN PERFORM renew_change_epoch(); END IF; RETURN NULL; END',
                CASE event WHEN 'delete' THEN 'old_rows' ELSE 'new_rows' END);

-- Writes what the trigger of one kind of statement does: it logs the tags of the rows as they were and as they became.
-- Every writer waits for it, so it is made for speed: the single row, by far the most frequent, takes one statement.
CREATE FUNCTION change_body(target regclass, event text, type text, tenant text, narrowings text[]) RETURNS text
  LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  changed text := CASE event WHEN 'delete' THEN 'old_rows' ELSE 'new_rows' END;
  source text := CASE event WHEN 'update' THEN '(SELECT * FROM new_rows UNION ALL SELECT * FROM old_rows)' ELSE changed END;
  opens text := 'NOT EXISTS (SELECT FROM change_log_tags e WHERE e.xid = pg_current_xact_id() AND e.begun_at = now() AND e.tenant_id = tenant)';
  of_row text;
  of_old_row text;
BEGIN
  SELECT string_agg(format('%L || %s', prefix, replace(value, '$row', 'r')), ', ' ORDER BY place),
         string_agg(format('CASE WHEN %2$s IS DISTINCT FROM %3$s THEN %1$L || %3$s END',
                           prefix, replace(value, '$row', 'r'), replace(value, '$row', 'o')), ', ' ORDER BY place)
    INTO of_row, of_old_row
    FROM change_tag_parts(target, type, narrowings) WITH ORDINALITY AS part (prefix, value, place);

  RETURN format($f$
    DECLARE
      row_count integer;
    BEGIN
      INSERT INTO change_log_tags (tenant_id, type, row_count, tags, opens)
      SELECT tenant, %1$L, 1, row_tags, %2$s
        FROM (SELECT r.%3$I AS tenant, array_remove(ARRAY[%4$s], NULL) AS row_tags FROM %5$s) one
       WHERE NOT EXISTS (SELECT FROM %6$s OFFSET 1);
      IF FOUND THEN RETURN NULL; END IF;

      row_count := (SELECT count(*) FROM (SELECT FROM %6$s LIMIT change_collapse_rows() + 1) few);
      IF row_count > change_collapse_rows() THEN
        INSERT INTO change_log_tags (tenant_id, type, row_count, tags, opens)
        SELECT tenant, %1$L, (SELECT count(*) FROM %6$s r WHERE r.%3$I = tenant), ARRAY['L:%1$s', 'A:%1$s'], %2$s
          FROM (SELECT DISTINCT r.%3$I AS tenant FROM %7$s r) changed;
      ELSIF row_count > 0 THEN
        INSERT INTO change_log_tags (tenant_id, type, row_count, tags, opens)
        SELECT tenant, %1$L, (SELECT count(*) FROM %6$s r WHERE r.%3$I = tenant), tags, %2$s
          FROM (SELECT tenant, array_agg(DISTINCT tag COLLATE "C") AS tags
                  FROM (SELECT r.%3$I AS tenant, unnest(ARRAY[%8$s]) AS tag FROM %7$s r) tagged
                 WHERE tag IS NOT NULL GROUP BY tenant) changed;
      END IF;
      RETURN NULL;
    END $f$,
    type, opens, tenant,
    concat_ws(', ', of_row, CASE event WHEN 'update' THEN of_old_row END, quote_literal('L:' || type)),
    CASE event WHEN 'update' THEN format('new_rows r JOIN old_rows o ON o.%1$I = r.%1$I', tenant) ELSE changed || ' r' END,
    changed, source,
    concat_ws(', ', of_row, quote_literal('L:' || type)));
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
SELECT exempt_from_tracking('kysely_migration', 'Read by operators and the readiness check.');
SELECT exempt_from_tracking('kysely_migration_lock', 'Read by operators.');
SELECT exempt_from_tracking('change_log', 'The log itself.');
SELECT exempt_from_tracking('change_log_tags', 'The log itself.');
SELECT exempt_from_tracking('change_log_trims', 'The log itself.');
SELECT exempt_from_tracking('change_epochs', 'The log itself.');
SELECT exempt_from_tracking('tracked_tables', 'A change of it comes with a change of the schema.');
SELECT exempt_from_tracking('cache_key_secrets', 'Never part of an answer.');
