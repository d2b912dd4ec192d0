-- Following a CRM's own stream of events, and interventions as records in a CRM.

alter table connections
  -- Where to go on after the last events that were taken; opaque to everybody but the connector.
  add column events_position jsonb,
  -- When the stream last said something, if only that there is nothing new.
  add column events_at timestamptz,
  -- Why it is not followed, in a sentence; null: nothing is in the way.
  add column events_problem text;

-- Interventions that are kept in the CRM: a row as soon as one was carried out, written again whenever it moves.
create table crm_interventions (
  tenant_id uuid not null,
  -- The key under which the CRM knows the record.
  intervention_id uuid not null,
  connection_id uuid not null,
  state text not null default 'waiting' check (state in ('waiting', 'written', 'failed')),
  -- Counts the moves, so that one that comes while another is being written is written as well.
  moves integer not null default 1,
  -- When it is tried, or tried again, in database time.
  due_at timestamptz not null default now(),
  attempts integer not null default 0,
  -- Id of the record in the CRM.
  external_id text,
  written_at timestamptz,
  error_code text,
  error_message text,
  primary key (tenant_id, intervention_id),
  foreign key (tenant_id, intervention_id) references interventions on delete cascade,
  foreign key (tenant_id, connection_id) references connections on delete cascade
);
create index crm_interventions_due on crm_interventions (tenant_id, connection_id, due_at) where state = 'waiting';
create index crm_interventions_failed on crm_interventions (tenant_id, connection_id) where state = 'failed';

alter table crm_interventions enable row level security;
alter table crm_interventions force row level security;
create policy one_tenant on crm_interventions to holdfast_tenant
  using (tenant_id = nullif(current_setting('holdfast.tenant', true), '')::uuid)
  with check (tenant_id = nullif(current_setting('holdfast.tenant', true), '')::uuid);
do $$
begin
  execute format('create policy owner on crm_interventions to %I using (true) with check (true)', current_user);
end
$$;
grant select, insert, update, delete on crm_interventions to holdfast_tenant;
