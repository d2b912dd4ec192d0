-- What workflows and agents of a CRM asked for: each call once, by the CRM's own id of it.
create table workflow_calls (
  tenant_id uuid not null,
  connection_id uuid not null,
  callback text not null,
  action text not null check (action in ('score', 'decide', 'intervene')),
  -- Of the record in the CRM.
  object text not null,
  external_id text not null,
  -- Who asked, in words.
  asked_by text not null,
  asked_at timestamptz not null default now(),
  -- open: what came of it is not known yet; known: it is, and the CRM is to be told; told; lost: it cannot be told any more.
  state text not null default 'open' check (state in ('open', 'known', 'told', 'lost')),
  outputs jsonb,
  -- Since when the CRM waits for us to come back; null: it waits on the line, or asks again.
  blocked_at timestamptz,
  -- The CRM waits no longer.
  expires_at timestamptz not null,
  -- When the pass of deciding was asked for on its account.
  deciding_at timestamptz,
  -- When the CRM is told, or told again.
  due_at timestamptz not null default now(),
  attempts integer not null default 0,
  ended_at timestamptz,
  error_code text,
  error_message text,
  primary key (tenant_id, connection_id, callback),
  foreign key (tenant_id, connection_id) references connections on delete cascade
);
create index workflow_calls_waiting on workflow_calls (due_at) where state in ('open', 'known') and blocked_at is not null;
create index workflow_calls_ended on workflow_calls (tenant_id, coalesce(ended_at, expires_at));
create index workflow_calls_record on workflow_calls (tenant_id, connection_id, external_id);
select guard_tenant_table('workflow_calls');
