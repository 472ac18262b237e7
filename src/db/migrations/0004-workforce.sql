-- One row per person and local day. day is the calendar day at the tenant when the shift began.
CREATE TABLE attendance (
  tenant_id       uuid NOT NULL REFERENCES tenants (id),
  id              uuid NOT NULL,
  person_id       uuid NOT NULL,
  site_id         uuid,
  day             date NOT NULL,
  status          text NOT NULL CHECK (status IN ('PRESENT', 'LATE', 'ABSENT', 'ON_LEAVE')),
  clock_in_at     timestamptz(3),
  clock_out_at    timestamptz(3),
  note            text CHECK (length(note) <= 2000),
  corrected_by_id uuid,
  version         integer NOT NULL DEFAULT 1,
  created_at      timestamptz(3) NOT NULL DEFAULT now(),
  updated_at      timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, person_id, day),
  CHECK (clock_out_at IS NULL OR (clock_in_at IS NOT NULL AND clock_out_at >= clock_in_at)),
  CHECK ((status IN ('PRESENT', 'LATE')) = (clock_in_at IS NOT NULL)),
  FOREIGN KEY (tenant_id, person_id) REFERENCES people (tenant_id, id),
  FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id),
  FOREIGN KEY (tenant_id, corrected_by_id) REFERENCES people (tenant_id, id)
);
CREATE INDEX attendance_by_day ON attendance (tenant_id, day DESC, id DESC);
CREATE INDEX attendance_by_site ON attendance (tenant_id, site_id, day DESC, id DESC);
SELECT protect_tenant_table('attendance');

CREATE TABLE shifts (
  tenant_id   uuid NOT NULL REFERENCES tenants (id),
  id          uuid NOT NULL,
  site_id     uuid NOT NULL,
  team_id     uuid,
  person_id   uuid,
  day         date NOT NULL,
  starts_at   timestamptz(3) NOT NULL,
  ends_at     timestamptz(3) NOT NULL,
  role        text CHECK (length(role) <= 200),
  version     integer NOT NULL DEFAULT 1,
  created_at  timestamptz(3) NOT NULL DEFAULT now(),
  updated_at  timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  CHECK (ends_at > starts_at AND ends_at <= starts_at + interval '24 hours'),
  FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id),
  FOREIGN KEY (tenant_id, team_id) REFERENCES teams (tenant_id, id),
  FOREIGN KEY (tenant_id, person_id) REFERENCES people (tenant_id, id)
);
CREATE INDEX shifts_by_day ON shifts (tenant_id, day, starts_at, id);
CREATE INDEX shifts_by_start ON shifts (tenant_id, starts_at, id);
CREATE INDEX shifts_by_site ON shifts (tenant_id, site_id, day);
CREATE INDEX shifts_by_person ON shifts (tenant_id, person_id, starts_at);
SELECT protect_tenant_table('shifts');

CREATE TABLE leave_requests (
  tenant_id     uuid NOT NULL REFERENCES tenants (id),
  id            uuid NOT NULL,
  person_id     uuid NOT NULL,
  type_id       uuid,
  starts_on     date NOT NULL,
  ends_on       date NOT NULL,
  reason        text CHECK (length(reason) <= 2000),
  status        text NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'APPROVED', 'DECLINED', 'CANCELLED')),
  decided_by_id uuid,
  decided_at    timestamptz(3),
  decision_note text CHECK (length(decision_note) <= 2000),
  version       integer NOT NULL DEFAULT 1,
  created_at    timestamptz(3) NOT NULL DEFAULT now(),
  updated_at    timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  CHECK (ends_on >= starts_on),
  CHECK ((status IN ('APPROVED', 'DECLINED')) = (decided_at IS NOT NULL)),
  FOREIGN KEY (tenant_id, person_id) REFERENCES people (tenant_id, id),
  FOREIGN KEY (tenant_id, type_id) REFERENCES choices (tenant_id, id),
  FOREIGN KEY (tenant_id, decided_by_id) REFERENCES people (tenant_id, id)
);
CREATE INDEX leave_requests_by_person ON leave_requests (tenant_id, person_id, starts_on);
CREATE INDEX leave_requests_by_start ON leave_requests (tenant_id, starts_on DESC, id DESC);
SELECT protect_tenant_table('leave_requests');

-- Planned work: maintenance rounds, installations, checks.
CREATE TABLE jobs (
  tenant_id     uuid NOT NULL REFERENCES tenants (id),
  id            uuid NOT NULL,
  title         text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
  type_id       uuid,
  site_id       uuid,
  asset_id      uuid,
  assignee_id   uuid,
  status        text NOT NULL DEFAULT 'SCHEDULED' CHECK (status IN ('SCHEDULED', 'COMPLETED', 'CANCELLED')),
  scheduled_for timestamptz(3) NOT NULL,
  due_at        timestamptz(3) NOT NULL,
  completed_at  timestamptz(3),
  notes         text CHECK (length(notes) <= 20000),
  version       integer NOT NULL DEFAULT 1,
  created_at    timestamptz(3) NOT NULL DEFAULT now(),
  updated_at    timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  CHECK (due_at >= scheduled_for),
  CHECK ((status = 'COMPLETED') = (completed_at IS NOT NULL)),
  FOREIGN KEY (tenant_id, type_id) REFERENCES choices (tenant_id, id),
  FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id),
  FOREIGN KEY (tenant_id, asset_id) REFERENCES assets (tenant_id, id),
  FOREIGN KEY (tenant_id, assignee_id) REFERENCES people (tenant_id, id)
);
CREATE INDEX jobs_by_schedule ON jobs (tenant_id, scheduled_for DESC, id DESC);
CREATE INDEX jobs_by_site ON jobs (tenant_id, site_id, scheduled_for DESC, id DESC);
CREATE INDEX jobs_by_assignee ON jobs (tenant_id, assignee_id, scheduled_for DESC, id DESC);
SELECT protect_tenant_table('jobs');
