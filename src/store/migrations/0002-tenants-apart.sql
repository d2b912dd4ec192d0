-- Row-level security: the role holdfast_tenant sees and writes the rows of the tenant that its transaction
-- states (set_config('holdfast.tenant', …, true)) and no others. An unset tenant is '' on a pooled connection.
do $$
declare
  name text;
  append_only constant text[] := array[
    'property_changes', 'score_history', 'decisions', 'outcomes', 'intervention_events', 'audit_log', 'consents',
    'settings_versions'
  ];
begin
  if not exists (select from pg_roles where rolname = 'holdfast_tenant') then
    create role holdfast_tenant nologin;
  end if;
  execute format('grant holdfast_tenant to %I', current_user);
  grant usage on schema public to holdfast_tenant;
  for name in
    select c.table_name from information_schema.columns c
    join information_schema.tables t using (table_schema, table_name)
    where c.table_schema = 'public' and c.column_name = 'tenant_id' and t.table_type = 'BASE TABLE'
  loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy one_tenant on %I to holdfast_tenant
         using (tenant_id = nullif(current_setting(''holdfast.tenant'', true), '''')::uuid)
         with check (tenant_id = nullif(current_setting(''holdfast.tenant'', true), '''')::uuid)', name);
    -- The owner works across tenants: migrations, dispatching, sign-in.
    execute format('create policy owner on %I to %I using (true) with check (true)', name, current_user);
    execute format('grant select, insert on %I to holdfast_tenant', name);
    if not name = any (append_only) then
      execute format('grant update, delete on %I to holdfast_tenant', name);
    end if;
  end loop;
  alter table tenants enable row level security;
  alter table tenants force row level security;
  create policy one_tenant on tenants to holdfast_tenant
    using (id = nullif(current_setting('holdfast.tenant', true), '')::uuid)
    with check (id = nullif(current_setting('holdfast.tenant', true), '')::uuid);
  execute format('create policy owner on tenants to %I using (true) with check (true)', current_user);
  grant select, update on tenants to holdfast_tenant;
  grant select on installation to holdfast_tenant;
  grant usage on all sequences in schema public to holdfast_tenant;
end
$$;
