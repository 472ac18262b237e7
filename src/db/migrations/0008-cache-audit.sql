-- Purging and warming by hand: what may be written to the change log without changing a row, and who did it.
-- docs/purge-and-warm.md tells the rest.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

-- Says that whatever depends on these tags has changed, or with a leading ~ that it counts as expired, or with a
-- leading ! that the change was a purge; `*` is all that the tenant has, `T:weather` what lives outside SQL. The
-- application may call it, for its own tenant only.
CREATE FUNCTION log_tags(changed text[]) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  IF current_tenant() IS NULL THEN
    RAISE EXCEPTION 'Whose tags they are is not set.' USING ERRCODE = 'check_violation';
  END IF;
  IF cardinality(changed) NOT BETWEEN 1 AND 500
     OR EXISTS (SELECT FROM unnest(changed) AS tag
                 WHERE tag IS NULL OR length(ltrim(tag, '~!')) > 302 OR tag !~ '^[~!]?([*]|[ELAPT]:[^[:cntrl:]]+)$') THEN
    RAISE EXCEPTION 'Write 1 to 500 tags, such as E:ticket:<id>, L:ticket, T:weather or *.' USING ERRCODE = 'check_violation';
  END IF;
  INSERT INTO change_log_tags (tenant_id, type, row_count, tags, opens)
  VALUES (current_tenant(), 'purge', 0, changed,
          NOT EXISTS (SELECT FROM change_log_tags
                       WHERE xid = pg_current_xact_id() AND begun_at = now() AND tenant_id = current_tenant()));
END $$;
REVOKE ALL ON FUNCTION log_tags(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log_tags(text[]) TO freshfield_app;

-- By what these rows are told apart as they are now, the type itself apart: where they are shown, or decide what is.
-- Rows that the caller may not see have no tags.
CREATE FUNCTION tags_of_rows(of_type text, ids uuid[]) RETURNS SETOF text
  LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
  declared tracked_tables := (SELECT t FROM tracked_tables t WHERE t.type = of_type);
  tags text := (SELECT string_agg(format('%L || %s', prefix, replace(value, '$row', 'r')), ', ')
                  FROM change_tag_parts(declared.table_name::regclass, of_type, declared.narrowings));
BEGIN
  RETURN QUERY EXECUTE format(
    'SELECT DISTINCT told.by FROM %I r CROSS JOIN LATERAL unnest(ARRAY[%s]) AS told (by)
      WHERE r.id = ANY ($1) AND told.by IS NOT NULL',
    declared.table_name, tags) USING ids;
END $$;

-- For requests that name a tenant and come without a token: their signature says that they may.
CREATE FUNCTION tenant_by_slug(wanted text) RETURNS uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  SELECT id FROM tenants WHERE slug = wanted
$$;
REVOKE ALL ON FUNCTION tenant_by_slug(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenant_by_slug(text) TO freshfield_app;

-- Append-only: each purge and each warming, and who had it done.
CREATE TABLE cache_audits (
  tenant_id   uuid NOT NULL REFERENCES tenants (id),
  id          uuid NOT NULL,
  action      text NOT NULL CHECK (action IN ('purge', 'warm')),
  -- A person of the tenant, another system that signed its request, or an operator at the command line.
  via         text NOT NULL CHECK (via IN ('person', 'signed', 'cli')),
  actor_id    uuid,
  -- What was asked for, as it was asked.
  asked       jsonb NOT NULL,
  -- What was purged by; as entries have them, also where the purge was soft.
  tags        text[] NOT NULL DEFAULT '{}',
  soft        boolean NOT NULL DEFAULT false,
  dry_run     boolean NOT NULL DEFAULT false,
  -- What came of it, as it was answered.
  outcome     jsonb NOT NULL DEFAULT '{}',
  -- Of a signed request: no signature is good for two.
  signature   text,
  request_id  text,
  at          timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, signature),
  CHECK ((via = 'person') = (actor_id IS NOT NULL)),
  CHECK ((via = 'signed') = (signature IS NOT NULL))
);
CREATE INDEX cache_audits_by_time ON cache_audits (tenant_id, at DESC);
SELECT protect_tenant_table('cache_audits');
REVOKE UPDATE, DELETE ON cache_audits FROM freshfield_app;
SELECT exempt_from_tracking('cache_audits', 'Append-only and never cached.');
