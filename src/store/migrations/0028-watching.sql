-- What runs now, what ended a moment ago and what failed are looked for once a second while somebody watches: however
-- many runs there were before, these are few.
create index runs_running on runs (tenant_id, started_at desc) where status = 'running';
create index runs_ended on runs (tenant_id, finished_at desc) where finished_at is not null;
create index runs_troubled on runs (tenant_id, started_at desc) where status in ('failed', 'interrupted');
-- Nobody knows whether they went out: few, beside all that is still due.
create index if not exists interventions_uncertain on interventions (tenant_id, updated_at desc) where state = 'uncertain';

-- What a connection was found to be when somebody last had it looked at: it asks the CRM, so it is not asked with every page.
create table connection_checks (
  tenant_id uuid not null,
  connection_id uuid not null,
  checked_at timestamptz not null default now(),
  checked_by text not null,
  -- As Check of src/contracts/checks.ts.
  checks jsonb not null,
  primary key (tenant_id, connection_id),
  foreign key (tenant_id, connection_id) references connections on delete cascade
);
select guard_tenant_table('connection_checks');

-- Steps of set-up that a person looked at and agreed to: what stands by default is nobody's choice before. Whether a step is
-- done is told by what is stored; this alone never says it.
create table setup_confirmations (
  tenant_id uuid not null references tenants on delete cascade,
  step text not null check (step in ('mapping', 'levels', 'actions')),
  confirmed_by text not null,
  confirmed_at timestamptz not null default now(),
  primary key (tenant_id, step)
);
select guard_tenant_table('setup_confirmations');
