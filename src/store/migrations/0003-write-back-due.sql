-- Whoever changes what a record in the CRM shows marks the customer for write-back, so that a pass looks at those
-- alone and not at the whole book. Scores mark by themselves (src/store/scores.ts); what others change is marked here:
-- who belongs to the population, decisions, and how interventions fare.
-- Only work of a tenant marks: what the owner copies from another database brings its own marks.

create function mark_write_backs() returns trigger language plpgsql as $$
begin
  if current_user = 'holdfast_tenant' then
    insert into write_back_due (tenant_id, customer_id, connection_id)
    select distinct tenant_id, customer_id, connection_id from changed order by tenant_id, customer_id
    on conflict (tenant_id, customer_id) do update set due_at = excluded.due_at;
  end if;
  return null;
end
$$;

create function mark_moved() returns trigger language plpgsql as $$
begin
  if current_user = 'holdfast_tenant' then
    insert into write_back_due (tenant_id, customer_id, connection_id)
    values (new.tenant_id, new.customer_id, new.connection_id)
    on conflict (tenant_id, customer_id) do update set due_at = excluded.due_at;
  end if;
  return null;
end
$$;

create function mark_customer() returns trigger language plpgsql as $$
begin
  if current_user = 'holdfast_tenant' then
    insert into write_back_due (tenant_id, customer_id, connection_id)
    values (new.tenant_id, new.id, new.connection_id)
    on conflict (tenant_id, customer_id) do update set due_at = excluded.due_at;
  end if;
  return null;
end
$$;

create trigger decided after insert on decisions
  referencing new table as changed for each statement execute function mark_write_backs();
create trigger planned after insert on interventions
  referencing new table as changed for each statement execute function mark_write_backs();
create trigger moved after update on interventions
  for each row when (old.state is distinct from new.state) execute function mark_moved();
create trigger left_or_came after update on customers
  for each row when (old.status is distinct from new.status or old.group_name is distinct from new.group_name)
  execute function mark_customer();
