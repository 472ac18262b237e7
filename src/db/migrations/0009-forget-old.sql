-- What is kept for a time only. docs/what-is-forgotten.md explains it.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

-- Of databases that were made before the log was trimmed by the server itself.
DROP FUNCTION IF EXISTS trim_change_log(interval);
DROP FUNCTION IF EXISTS log_custom_change(text[]);

-- Forgets changes older than this, the oldest first, but never a tenant's newest: readers must see where its log stands.
CREATE FUNCTION trim_change_log(older_than interval, at_most bigint DEFAULT NULL) RETURNS bigint
  LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
  WITH newest AS (SELECT tenant_id, max(seq) AS seq FROM change_log GROUP BY tenant_id),
  old AS (
    SELECT c.tenant_id, c.seq FROM change_log c JOIN newest n USING (tenant_id)
     WHERE c.seq < n.seq AND c.sealed_at < now() - older_than
     ORDER BY c.seq LIMIT at_most),
  gone AS (
    DELETE FROM change_log c USING old WHERE c.tenant_id = old.tenant_id AND c.seq = old.seq
    RETURNING c.tenant_id, c.seq, c.xid, c.begun_at),
  without_tags AS (
    DELETE FROM change_log_tags t USING gone g
     WHERE t.xid = g.xid AND t.tenant_id = g.tenant_id AND t.begun_at = g.begun_at),
  noted AS (
    INSERT INTO change_log_trims (tenant_id, seq) SELECT tenant_id, max(seq) FROM gone GROUP BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET seq = greatest(change_log_trims.seq, excluded.seq))
  SELECT count(*) FROM gone
$$;
REVOKE ALL ON FUNCTION trim_change_log(interval, bigint) FROM PUBLIC;

-- Row-level security holds owners, too: this lets the function below, which is the owner's, see what is old.
DO $$
BEGIN
  EXECUTE format('CREATE POLICY operators ON idempotency_keys TO %I USING (true) WITH CHECK (true)', current_user);
END $$;

-- Forgets some of what is old enough, and tells how much that was; 0: there is no more, or somebody else is at it. The
-- application may call it, and can thus forget nothing that is younger. A few at a time: nobody waits for long behind it.
CREATE FUNCTION forget_old(at_most integer DEFAULT 20000, OUT changes bigint, OUT keys bigint)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  changes := 0;
  keys := 0;
  IF NOT pg_try_advisory_xact_lock(hashtextextended('freshfield:forget', 0)) THEN RETURN; END IF;
  -- Longer than anything is cached: a node that hears nothing of a tenant for a day holds nothing of it any more.
  changes := trim_change_log(interval '1 day', at_most);
  DELETE FROM idempotency_keys k USING (
    SELECT tenant_id, person_id, key, path FROM idempotency_keys
     WHERE created_at < now() - interval '7 days' ORDER BY created_at LIMIT at_most) old
   WHERE (k.tenant_id, k.person_id, k.key, k.path) = (old.tenant_id, old.person_id, old.key, old.path);
  GET DIAGNOSTICS keys = ROW_COUNT;
END $$;
REVOKE ALL ON FUNCTION forget_old(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_old(integer) TO freshfield_app;
