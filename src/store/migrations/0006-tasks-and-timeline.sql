-- What Holdfast does in a CRM beside the fields of a record, and how it knows its own writes again.

-- `updatedAt` of the record as our last write left it; null where the CRM does not say. A change of the record with
-- this time is our own and is not looked at.
alter table write_backs add column version timestamptz;
-- Whether the last try was for what could have waited (src/loop/write-due.ts): of those a night takes only so many.
alter table write_backs add column quiet boolean not null default false;
create index write_backs_quiet on write_backs (tenant_id, connection_id, written_at) where quiet;

-- What was sent and is to be seen on the record's timeline: a row as soon as it is sent, logged once by its key.
create table activities (
  tenant_id uuid not null,
  -- The key under which the CRM knows the entry.
  intervention_id uuid not null,
  connection_id uuid not null,
  state text not null default 'waiting' check (state in ('waiting', 'logged', 'failed')),
  -- When it is tried, or tried again, in database time.
  due_at timestamptz not null default now(),
  attempts integer not null default 0,
  -- Id of the entry in the CRM.
  external_id text,
  logged_at timestamptz,
  error_code text,
  error_message text,
  primary key (tenant_id, intervention_id),
  foreign key (tenant_id, intervention_id) references interventions on delete cascade,
  foreign key (tenant_id, connection_id) references connections on delete cascade
);
create index activities_due on activities (tenant_id, connection_id, due_at) where state = 'waiting';
create index activities_failed on activities (tenant_id, connection_id) where state = 'failed';

-- What people said to us and a CRM has to know: the newest answer of an address, a row a connection that has it.
create table consent_outbox (
  tenant_id uuid not null,
  connection_id uuid not null,
  -- As in consents.
  address_hash bytea not null,
  channel text not null check (channel in ('email', 'sms', 'call')),
  status text not null check (status in ('granted', 'refused')),
  changed_at timestamptz not null,
  -- dropped: it was overtaken by a newer answer, or nobody there has the address any more.
  state text not null default 'waiting' check (state in ('waiting', 'written', 'failed', 'dropped')),
  due_at timestamptz not null default now(),
  attempts integer not null default 0,
  written_at timestamptz,
  error_code text,
  error_message text,
  primary key (tenant_id, connection_id, address_hash, channel),
  foreign key (tenant_id, connection_id) references connections on delete cascade
);
create index consent_outbox_due on consent_outbox (tenant_id, connection_id, due_at) where state = 'waiting';
create index consent_outbox_failed on consent_outbox (tenant_id, connection_id) where state = 'failed';

do $$
declare
  name text;
begin
  foreach name in array array['activities', 'consent_outbox'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy one_tenant on %I to holdfast_tenant
         using (tenant_id = nullif(current_setting(''holdfast.tenant'', true), '''')::uuid)
         with check (tenant_id = nullif(current_setting(''holdfast.tenant'', true), '''')::uuid)', name);
    execute format('create policy owner on %I to %I using (true) with check (true)', name, current_user);
    execute format('grant select, insert, update, delete on %I to holdfast_tenant', name);
  end loop;
end
$$;
