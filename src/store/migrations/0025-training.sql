-- Training as rows, and the bundles that come of it: each process has them wherever it runs, and backups hold them.

-- A customer file that somebody uploaded to train on. The file itself lies in the data folder of one place.
create table training_files (
  tenant_id uuid not null references tenants on delete cascade,
  id uuid not null,
  name text not null,
  -- How it is written, by its content: csv, parquet or xlsx.
  format text not null,
  bytes bigint not null,
  -- Which data folder holds it.
  place text not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  -- Deleted then, unless a run still needs it.
  expires_at timestamptz not null,
  primary key (tenant_id, id)
);
create index training_files_expired on training_files (place, expires_at);
select guard_tenant_table('training_files');

create table training_runs (
  tenant_id uuid not null references tenants on delete cascade,
  id uuid not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  source text not null check (source in ('upload', 'connection')),
  -- As people know it: the file's name, or the connection's.
  source_name text not null,
  file_id uuid,
  connection_id uuid,
  -- What was asked for: target, options, seed (src/training/request.ts).
  request jsonb not null,
  state text not null default 'queued' check (state in ('queued', 'running', 'done', 'failed', 'cancelled')),
  -- 0 to 1, and what is being done, in words.
  progress real not null default 0,
  phase text not null default 'Waiting for its turn',
  -- Somebody wants it to stop; whoever runs it looks.
  cancel_asked boolean not null default false,
  -- Whose data folder holds the file; null: any process may run it.
  place text,
  lease_owner text,
  lease_until timestamptz,
  attempts integer not null default 0,
  started_at timestamptz,
  finished_at timestamptz,
  error_code text,
  error_message text,
  -- Figures of the result, in short (src/training/result.ts).
  result jsonb,
  bundle_hash text,
  primary key (tenant_id, id),
  foreign key (tenant_id, connection_id) references connections on delete cascade
);
create index training_runs_recent on training_runs (tenant_id, created_at desc, id desc);
create index training_runs_open on training_runs (state, created_at) where state in ('queued', 'running');
-- One at a time for each company, whatever starts them.
create unique index training_runs_one on training_runs (tenant_id) where state = 'running';
select guard_tenant_table('training_runs');

-- Churn models of a company's own: trained here, or uploaded.
create table model_bundles (
  tenant_id uuid not null references tenants on delete cascade,
  -- SHA-256 over the bundle, as in models and scores.
  hash text not null,
  name text not null,
  version text not null,
  origin text not null check (origin in ('trained', 'uploaded')),
  run_id uuid,
  created_by text not null,
  created_at timestamptz not null default now(),
  bytes bigint not null,
  -- What a score of it means: {"kind": "snapshot"}, or a horizon with its days.
  meaning jsonb not null,
  -- Its card without the marks of the customers that it was trained on.
  card jsonb not null,
  -- Everything that was measured of it; null: nothing was, beyond what its card says.
  evaluation jsonb,
  -- Against the models in charge when it was trained, on the same customers.
  comparisons jsonb not null default '[]',
  primary key (tenant_id, hash)
);
select guard_tenant_table('model_bundles');

-- Their files, in pieces that a backup can carry.
create table model_files (
  tenant_id uuid not null,
  hash text not null,
  name text not null,
  piece integer not null,
  bytes bytea not null,
  primary key (tenant_id, hash, name, piece),
  foreign key (tenant_id, hash) references model_bundles on delete cascade
);
create index model_files_hash on model_files (hash);
select guard_tenant_table('model_files');

-- Since when a model is in charge, and who put it there; of one that was, when it stepped back.
alter table models
  add column since timestamptz not null default now(),
  add column put_by text,
  add column retired_at timestamptz;
update models set since = registered_at;
