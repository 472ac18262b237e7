-- Drop-down lists: ticket categories, job types, asset types, leave types.
CREATE TABLE choices (
  tenant_id   uuid NOT NULL REFERENCES tenants (id),
  id          uuid NOT NULL,
  kind        text NOT NULL CHECK (kind IN ('TICKET_CATEGORY', 'JOB_TYPE', 'ASSET_TYPE', 'LEAVE_TYPE')),
  key         text NOT NULL CHECK (key ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  label       text NOT NULL CHECK (length(label) BETWEEN 1 AND 200),
  position    integer NOT NULL DEFAULT 0,
  active      boolean NOT NULL DEFAULT true,
  created_at  timestamptz(3) NOT NULL DEFAULT now(),
  updated_at  timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, kind, key)
);
SELECT protect_tenant_table('choices');

CREATE TABLE customers (
  tenant_id     uuid NOT NULL REFERENCES tenants (id),
  id            uuid NOT NULL,
  name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  email         text,
  external_ref  text,
  created_at    timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, external_ref)
);
CREATE INDEX customers_by_name ON customers (tenant_id, name, id);
SELECT protect_tenant_table('customers');

CREATE TABLE assets (
  tenant_id      uuid NOT NULL REFERENCES tenants (id),
  id             uuid NOT NULL,
  name           text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  tag            text NOT NULL CHECK (length(tag) BETWEEN 1 AND 64),
  serial_number  text,
  type_id        uuid,
  status         text NOT NULL DEFAULT 'IN_USE'
                 CHECK (status IN ('IN_STOCK', 'IN_USE', 'IN_REPAIR', 'RETIRED', 'LOST')),
  site_id        uuid,
  holder_id      uuid,
  external_ref   text,
  purchased_on   date,
  version        integer NOT NULL DEFAULT 1,
  created_at     timestamptz(3) NOT NULL DEFAULT now(),
  updated_at     timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, tag),
  UNIQUE (tenant_id, external_ref),
  FOREIGN KEY (tenant_id, type_id) REFERENCES choices (tenant_id, id),
  FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id),
  FOREIGN KEY (tenant_id, holder_id) REFERENCES people (tenant_id, id)
);
CREATE INDEX assets_by_name ON assets (tenant_id, name, id);
CREATE INDEX assets_by_site ON assets (tenant_id, site_id, status);
CREATE INDEX assets_by_holder ON assets (tenant_id, holder_id);
SELECT protect_tenant_table('assets');

-- The next ticket number of a tenant; one row per tenant, locked while a ticket is created, so numbers have no gaps.
CREATE TABLE ticket_numbers (
  tenant_id  uuid PRIMARY KEY REFERENCES tenants (id),
  last       integer NOT NULL DEFAULT 0
);
SELECT protect_tenant_table('ticket_numbers');

CREATE TABLE tickets (
  tenant_id             uuid NOT NULL REFERENCES tenants (id),
  id                    uuid NOT NULL,
  number                integer NOT NULL CHECK (number > 0),
  title                 text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
  description           text NOT NULL DEFAULT '' CHECK (length(description) <= 20000),
  status                text NOT NULL DEFAULT 'NEW'
                        CHECK (status IN ('NEW', 'IN_PROGRESS', 'WAITING', 'RESOLVED', 'CLOSED')),
  priority              text NOT NULL DEFAULT 'NORMAL' CHECK (priority IN ('LOW', 'NORMAL', 'HIGH', 'URGENT')),
  -- Priorities in the order of their weight, for ORDER BY and its index.
  priority_rank         smallint GENERATED ALWAYS AS (
                          CASE priority WHEN 'LOW' THEN 1 WHEN 'NORMAL' THEN 2 WHEN 'HIGH' THEN 3 ELSE 4 END) STORED,
  source                text NOT NULL DEFAULT 'PORTAL'
                        CHECK (source IN ('PORTAL', 'EMAIL', 'PHONE', 'CHAT', 'MONITORING', 'IMPORT')),
  category_id           uuid,
  site_id               uuid,
  customer_id           uuid,
  asset_id              uuid,
  reporter_id           uuid,
  assignee_id           uuid,
  team_id               uuid,
  external_ref          text,
  comment_count         integer NOT NULL DEFAULT 0,
  public_comment_count  integer NOT NULL DEFAULT 0,
  due_at                timestamptz(3),
  resolved_at           timestamptz(3),
  closed_at             timestamptz(3),
  created_at            timestamptz(3) NOT NULL DEFAULT now(),
  updated_at            timestamptz(3) NOT NULL DEFAULT now(),
  version               integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, number),
  UNIQUE (tenant_id, external_ref),
  CHECK ((status = 'CLOSED') = (closed_at IS NOT NULL)),
  CHECK (status <> 'RESOLVED' OR resolved_at IS NOT NULL),
  FOREIGN KEY (tenant_id, category_id) REFERENCES choices (tenant_id, id),
  FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id),
  FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id),
  FOREIGN KEY (tenant_id, asset_id) REFERENCES assets (tenant_id, id),
  FOREIGN KEY (tenant_id, reporter_id) REFERENCES people (tenant_id, id),
  FOREIGN KEY (tenant_id, assignee_id) REFERENCES people (tenant_id, id),
  FOREIGN KEY (tenant_id, team_id) REFERENCES teams (tenant_id, id)
);
CREATE INDEX tickets_by_creation ON tickets (tenant_id, created_at DESC, id DESC);
CREATE INDEX tickets_by_update ON tickets (tenant_id, updated_at DESC, id DESC);
CREATE INDEX tickets_by_due ON tickets (tenant_id, (coalesce(due_at, 'infinity'::timestamptz)), id);
CREATE INDEX tickets_by_priority ON tickets (tenant_id, priority_rank, id);
CREATE INDEX tickets_by_site ON tickets (tenant_id, site_id, created_at DESC, id DESC);
CREATE INDEX tickets_by_assignee ON tickets (tenant_id, assignee_id, created_at DESC, id DESC);
CREATE INDEX tickets_by_reporter ON tickets (tenant_id, reporter_id, created_at DESC, id DESC);
CREATE INDEX tickets_by_team ON tickets (tenant_id, team_id, created_at DESC, id DESC);
CREATE INDEX tickets_by_customer ON tickets (tenant_id, customer_id, created_at DESC, id DESC);
CREATE INDEX tickets_open ON tickets (tenant_id, site_id, due_at) WHERE closed_at IS NULL;
CREATE INDEX tickets_by_closing ON tickets (tenant_id, closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX tickets_by_promise ON tickets (tenant_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX tickets_search ON tickets USING gin ((title || ' ' || description) gin_trgm_ops);
SELECT protect_tenant_table('tickets');

-- The tickets whose title or description is like the pattern, and the one with this number.
CREATE FUNCTION search_tickets(pattern text, wanted integer) RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER ROWS 200
BEGIN ATOMIC
  SELECT id FROM tickets WHERE tenant_id = current_tenant() AND (title || ' ' || description) ILIKE pattern
  UNION
  SELECT id FROM tickets WHERE tenant_id = current_tenant() AND number = wanted;
END;
SELECT hand_to_search('search_tickets(text, integer)', 'tickets');

CREATE TABLE ticket_comments (
  tenant_id   uuid NOT NULL,
  id          uuid NOT NULL,
  ticket_id   uuid NOT NULL,
  author_id   uuid,
  body        text NOT NULL CHECK (length(body) BETWEEN 1 AND 20000),
  internal    boolean NOT NULL DEFAULT false,
  created_at  timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, ticket_id) REFERENCES tickets (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, author_id) REFERENCES people (tenant_id, id)
);
CREATE INDEX ticket_comments_by_ticket ON ticket_comments (tenant_id, ticket_id, created_at, id);
SELECT protect_tenant_table('ticket_comments');

-- A comment is a change of its ticket: the counts live on the ticket, so that a list of tickets never counts comments.
CREATE FUNCTION count_ticket_comments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    UPDATE tickets t
       SET comment_count = t.comment_count + c.total,
           public_comment_count = t.public_comment_count + c.visible,
           updated_at = greatest(t.updated_at, c.latest)
      FROM (SELECT tenant_id, ticket_id, count(*) AS total, count(*) FILTER (WHERE NOT internal) AS visible,
                   max(created_at) AS latest
              FROM changed GROUP BY tenant_id, ticket_id) c
     WHERE t.tenant_id = c.tenant_id AND t.id = c.ticket_id;
  ELSE
    UPDATE tickets t
       SET comment_count = (SELECT count(*) FROM ticket_comments x
                             WHERE x.tenant_id = t.tenant_id AND x.ticket_id = t.id),
           public_comment_count = (SELECT count(*) FROM ticket_comments x
                             WHERE x.tenant_id = t.tenant_id AND x.ticket_id = t.id AND NOT x.internal)
     WHERE (t.tenant_id, t.id) IN (SELECT tenant_id, ticket_id FROM changed);
    IF TG_OP = 'UPDATE' THEN -- a comment that was moved counts at its new ticket too
      UPDATE tickets t
         SET comment_count = (SELECT count(*) FROM ticket_comments x
                               WHERE x.tenant_id = t.tenant_id AND x.ticket_id = t.id),
             public_comment_count = (SELECT count(*) FROM ticket_comments x
                               WHERE x.tenant_id = t.tenant_id AND x.ticket_id = t.id AND NOT x.internal)
       WHERE (t.tenant_id, t.id) IN (SELECT tenant_id, ticket_id FROM renewed);
    END IF;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER count_inserted AFTER INSERT ON ticket_comments
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_ticket_comments();
CREATE TRIGGER count_updated AFTER UPDATE ON ticket_comments
  REFERENCING OLD TABLE AS changed NEW TABLE AS renewed FOR EACH STATEMENT
  EXECUTE FUNCTION count_ticket_comments();
CREATE TRIGGER count_deleted AFTER DELETE ON ticket_comments
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_ticket_comments();

-- The history of a ticket: what happened, who did it, and what it changed.
CREATE TABLE ticket_events (
  tenant_id     uuid NOT NULL,
  id            uuid NOT NULL,
  ticket_id     uuid NOT NULL,
  kind          text NOT NULL CHECK (kind IN (
                  'CREATED', 'UPDATED', 'PRIORITIZED', 'ASSIGNED', 'TAKEN_IN_CHARGE', 'WAITING', 'RESUMED',
                  'UPGRADE_REQUIRED', 'ANOMALY_CREATED', 'ANOMALY_RESOLVED', 'INTERVENTION_SCHEDULED',
                  'RESOLVED', 'CLOSED', 'REOPENED', 'COMMENTED', 'VERIFIED', 'INVALIDATED', 'MARKED_DUPLICATE')),
  actor_id      uuid,
  detail        jsonb NOT NULL DEFAULT '{}',
  external_ref  text,
  occurred_at   timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, external_ref),
  FOREIGN KEY (tenant_id, ticket_id) REFERENCES tickets (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, actor_id) REFERENCES people (tenant_id, id)
);
CREATE INDEX ticket_events_by_ticket ON ticket_events (tenant_id, ticket_id, occurred_at, id);
SELECT protect_tenant_table('ticket_events');

ALTER TABLE notifications
  ADD FOREIGN KEY (tenant_id, ticket_id) REFERENCES tickets (tenant_id, id) ON DELETE CASCADE;
