-- Tasks in a CRM that ask a person for a yes: one for each time that an intervention is asked about, made by its key.
create table approval_tasks (
  tenant_id uuid not null,
  intervention_id uuid not null,
  connection_id uuid not null,
  -- How often it was asked about: a yes that became too old is asked about under another key.
  round smallint not null default 1,
  -- From when it waits, as the intervention has it: which of its waits the task is about.
  awaiting_since timestamptz not null,
  -- waiting: the task is to be made; asked: it is on somebody's list; moot: somebody answered elsewhere, or it ended.
  state text not null default 'waiting' check (state in ('waiting', 'asked', 'approved', 'rejected', 'moot', 'failed')),
  -- When it is made, or tried again, in database time.
  due_at timestamptz not null default now(),
  attempts integer not null default 0,
  -- What the CRM calls the task.
  external_id text,
  made_at timestamptz,
  -- When the CRM was last asked what became of it.
  asked_at timestamptz,
  error_code text,
  error_message text,
  primary key (tenant_id, intervention_id),
  foreign key (tenant_id, intervention_id) references interventions on delete cascade,
  foreign key (tenant_id, connection_id) references connections on delete cascade
);
create index approval_tasks_open on approval_tasks (tenant_id, connection_id, due_at)
  where state in ('waiting', 'asked');
create index approval_tasks_failed on approval_tasks (tenant_id, connection_id) where state = 'failed';
select guard_tenant_table('approval_tasks');
