-- What a mutation answered to an Idempotency-Key, written in the mutation's own transaction: a retry answers the same.
CREATE TABLE idempotency_keys (
  tenant_id     uuid NOT NULL REFERENCES tenants (id),
  person_id     uuid NOT NULL,
  key           text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
  path          text NOT NULL,
  request_hash  text NOT NULL,
  outcome       jsonb,
  created_at    timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, person_id, key, path),
  FOREIGN KEY (tenant_id, person_id) REFERENCES people (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
SELECT protect_tenant_table('idempotency_keys');

-- Append-only: who changed what. The application may add rows and read them, nothing else.
CREATE TABLE audit_log (
  tenant_id    uuid NOT NULL REFERENCES tenants (id),
  id           uuid NOT NULL,
  actor_id     uuid,
  action       text NOT NULL,
  subjects     uuid[] NOT NULL DEFAULT '{}',
  request_id   text,
  occurred_at  timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX audit_log_by_time ON audit_log (tenant_id, occurred_at DESC);
SELECT protect_tenant_table('audit_log');
REVOKE UPDATE, DELETE ON audit_log FROM freshfield_app;
