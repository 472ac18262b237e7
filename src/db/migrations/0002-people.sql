CREATE TABLE sites (
  tenant_id   uuid NOT NULL REFERENCES tenants (id),
  id          uuid NOT NULL,
  name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  code        text NOT NULL CHECK (code ~ '^[A-Z0-9-]{1,16}$'),
  address     text,
  active      boolean NOT NULL DEFAULT true,
  created_at  timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, code)
);
SELECT protect_tenant_table('sites');

CREATE TABLE teams (
  tenant_id   uuid NOT NULL REFERENCES tenants (id),
  id          uuid NOT NULL,
  name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  description text,
  created_at  timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name)
);
SELECT protect_tenant_table('teams');

CREATE TABLE people (
  tenant_id         uuid NOT NULL REFERENCES tenants (id),
  id                uuid NOT NULL,
  name              text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  email             text NOT NULL CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+$' AND email = lower(email)),
  username          text NOT NULL CHECK (length(username) BETWEEN 1 AND 100),
  phone             text,
  title             text,
  site_id           uuid,
  active            boolean NOT NULL DEFAULT true,
  emergency_contact text,
  external_ref      text,
  version           integer NOT NULL DEFAULT 1,
  created_at        timestamptz(3) NOT NULL DEFAULT now(),
  updated_at        timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, email),
  UNIQUE (tenant_id, username),
  UNIQUE (tenant_id, external_ref),
  FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id)
);
CREATE INDEX people_by_name ON people (tenant_id, name, id);
CREATE INDEX people_by_site ON people (tenant_id, site_id, name, id);
CREATE INDEX people_search ON people USING gin (
  (' ' || name || ' ' || email || ' ' || username) gin_trgm_ops
);
SELECT protect_tenant_table('people');

-- The people whose name, e-mail or username is like every pattern, most selective pattern first. Each word of the
-- searched text follows a space: a pattern for the start of a word begins with `% `.
CREATE FUNCTION search_people(patterns text[]) RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER ROWS 50
BEGIN ATOMIC
  SELECT id
    FROM people
   WHERE tenant_id = current_tenant()
     AND (' ' || name || ' ' || email || ' ' || username) ILIKE patterns[1]
     AND (' ' || name || ' ' || email || ' ' || username) ILIKE ALL (patterns);
END;
SELECT hand_to_search('search_people(text[])', 'people');

CREATE TABLE team_members (
  tenant_id  uuid NOT NULL,
  team_id    uuid NOT NULL,
  person_id  uuid NOT NULL,
  PRIMARY KEY (tenant_id, person_id, team_id),
  FOREIGN KEY (tenant_id, team_id) REFERENCES teams (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, person_id) REFERENCES people (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX team_members_by_team ON team_members (tenant_id, team_id, person_id);
SELECT protect_tenant_table('team_members');

-- The sites beyond the home site that a person works at. Home site and these together are "own sites".
CREATE TABLE person_sites (
  tenant_id  uuid NOT NULL,
  person_id  uuid NOT NULL,
  site_id    uuid NOT NULL,
  PRIMARY KEY (tenant_id, person_id, site_id),
  FOREIGN KEY (tenant_id, person_id) REFERENCES people (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id) ON DELETE CASCADE
);
SELECT protect_tenant_table('person_sites');

-- The closed list of permissions the code checks; shared by all tenants.
CREATE TABLE permissions (
  key          text PRIMARY KEY,
  description  text NOT NULL
);
GRANT SELECT ON permissions TO freshfield_app;
INSERT INTO permissions (key, description) VALUES
  ('tickets:read',      'See tickets, their comments and their history'),
  ('tickets:write',     'Create, change, assign and comment on tickets'),
  ('tickets:delete',    'Delete tickets'),
  ('people:read',       'See people beyond their directory entry'),
  ('people:write',      'Create, change and deactivate people'),
  ('people:sensitive',  'See emergency contacts'),
  ('roles:assign',      'Give people roles and take them away'),
  ('attendance:read',   'See attendance'),
  ('attendance:write',  'Clock in and out'),
  ('attendance:correct','Correct attendance that was recorded'),
  ('rota:read',         'See shifts and leave'),
  ('rota:write',        'Create and assign shifts'),
  ('leave:request',     'Ask for leave'),
  ('leave:decide',      'Approve or decline leave'),
  ('assets:read',       'See assets'),
  ('assets:write',      'Create and change assets'),
  ('jobs:read',         'See planned jobs'),
  ('jobs:write',        'Create and complete jobs'),
  ('choices:write',     'Change the drop-down lists'),
  ('dashboard:read',    'See dashboards, statistics and trends'),
  ('tenant:write',      'Change the tenant''s name and time zone'),
  ('cache:manage',      'See, warm and purge the cache');

CREATE TABLE roles (
  tenant_id    uuid NOT NULL REFERENCES tenants (id),
  id           uuid NOT NULL,
  key          text NOT NULL CHECK (key ~ '^[a-z][a-z0-9-]{0,30}$'),
  name         text NOT NULL,
  description  text,
  created_at   timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, key)
);
SELECT protect_tenant_table('roles');

-- reach: how far a permission goes. any = the whole tenant, sites = the holder's own sites, own = the holder's own records.
CREATE TABLE role_permissions (
  tenant_id   uuid NOT NULL,
  role_id     uuid NOT NULL,
  permission  text NOT NULL REFERENCES permissions (key),
  reach       text NOT NULL DEFAULT 'any' CHECK (reach IN ('any', 'sites', 'own')),
  PRIMARY KEY (tenant_id, role_id, permission),
  FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, id) ON DELETE CASCADE
);
SELECT protect_tenant_table('role_permissions');

CREATE TABLE person_roles (
  tenant_id  uuid NOT NULL,
  person_id  uuid NOT NULL,
  role_id    uuid NOT NULL,
  PRIMARY KEY (tenant_id, person_id, role_id),
  FOREIGN KEY (tenant_id, person_id) REFERENCES people (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX person_roles_by_role ON person_roles (tenant_id, role_id);
SELECT protect_tenant_table('person_roles');

CREATE TABLE preferences (
  tenant_id            uuid NOT NULL,
  person_id            uuid NOT NULL,
  locale               text NOT NULL DEFAULT 'en',
  time_zone            text,
  theme                text NOT NULL DEFAULT 'SYSTEM' CHECK (theme IN ('SYSTEM', 'LIGHT', 'DARK')),
  email_notifications  boolean NOT NULL DEFAULT true,
  default_site_id      uuid,
  updated_at           timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, person_id),
  FOREIGN KEY (tenant_id, person_id) REFERENCES people (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, default_site_id) REFERENCES sites (tenant_id, id)
);
SELECT protect_tenant_table('preferences');

CREATE TABLE notifications (
  tenant_id   uuid NOT NULL,
  id          uuid NOT NULL,
  person_id   uuid NOT NULL,
  kind        text NOT NULL,
  subject     text NOT NULL,
  ticket_id   uuid,
  read_at     timestamptz(3),
  created_at  timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, person_id) REFERENCES people (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX notifications_by_person ON notifications (tenant_id, person_id, created_at DESC, id DESC);
CREATE INDEX notifications_unread ON notifications (tenant_id, person_id) WHERE read_at IS NULL;
SELECT protect_tenant_table('notifications');
