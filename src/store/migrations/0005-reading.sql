-- Reading from a CRM that tells of changes by itself: hints that wait to be looked at, when the properties were last
-- described, what of a mapping cannot be read, and who must never be stored again.

alter table connections
  -- The kind of record that a customer is, as the CRM names it.
  add column object text,
  -- When the profile was last asked of the CRM.
  add column profiled_at timestamptz,
  -- What an admin should know of this connection and can mend: [{"code", "subject", "message", "since"}].
  add column notes jsonb not null default '[]';
-- A webhook names a portal and nothing else: found among all tenants.
create index connections_external on connections (kind, external_id) where external_id is not null;

alter table steps drop constraint steps_step_check;
alter table steps add constraint steps_step_check
  check (step in ('sync', 'refresh', 'score', 'decide', 'write_back', 'observe'));

create index webhook_receipts_pending on webhook_receipts (tenant_id, connection_id, received_at, dedup_key)
  where processed_at is null;
create index webhook_receipts_processed on webhook_receipts (tenant_id, connection_id, processed_at)
  where processed_at is not null;

-- Records whose person asked to be forgotten. What was read of them before, and is still on its way, is not stored.
create table erased_records (
  tenant_id uuid not null,
  connection_id uuid not null,
  object text not null,
  -- HMAC-SHA256 of the record's id under the tenant's key: tells whether a record is the one, and not who it was.
  id_hash bytea not null,
  erased_at timestamptz not null default now(),
  primary key (tenant_id, connection_id, object, id_hash),
  foreign key (tenant_id, connection_id) references connections on delete cascade
);
alter table erased_records enable row level security;
alter table erased_records force row level security;
create policy one_tenant on erased_records to holdfast_tenant
  using (tenant_id = nullif(current_setting('holdfast.tenant', true), '')::uuid)
  with check (tenant_id = nullif(current_setting('holdfast.tenant', true), '')::uuid);
do $$
begin
  execute format('create policy owner on erased_records to %I using (true) with check (true)', current_user);
end
$$;
grant select, insert, update, delete on erased_records to holdfast_tenant;

-- Events are append-only for the tenant; what they say of a person can still be forgotten, and nothing else changed.
create function forget_intervention_events(ids uuid[]) returns void
language sql security definer set search_path = public, pg_temp as $$
  update intervention_events set reason = null, detail = null
  where tenant_id = nullif(current_setting('holdfast.tenant', true), '')::uuid and intervention_id = any (ids)
$$;
revoke all on function forget_intervention_events(uuid[]) from public;
grant execute on function forget_intervention_events(uuid[]) to holdfast_tenant;

-- The customer that this one lives on in: what was done with the one was done with the other.
alter table customers add column merged_into bigint;
create index customers_merged on customers (tenant_id, merged_into) where merged_into is not null;

-- Whom a deal or a contact belongs to, for a hint that names nothing else.
create index agreements_source on agreements (tenant_id, external_id);
create index recipients_source on recipients (tenant_id, external_id);
