-- Whoever moves many interventions marks their customers for write-back at once, and only for what a record shows
-- (src/loop/action-words.ts): states that pass within seconds are not shown, so three moves of an e-mail that goes out are
-- one mark, and that it arrived is news only where it was uncertain whether it had been sent.

create function mark_moves() returns trigger language plpgsql as $$
begin
  if current_user = 'holdfast_tenant' then
    insert into write_back_due (tenant_id, customer_id, connection_id)
    select distinct n.tenant_id, n.customer_id, n.connection_id
    from now_so n join was_so o on o.tenant_id = n.tenant_id and o.id = n.id
    where n.state is distinct from o.state and n.state not in ('leased', 'sending')
      and not (n.state = 'confirmed' and o.state = 'sent')
    order by n.tenant_id, n.customer_id
    on conflict (tenant_id, customer_id) do update set due_at = excluded.due_at;
  end if;
  return null;
end
$$;

drop trigger moved on interventions;
drop function mark_moved();
create trigger moved after update on interventions
  referencing old table as was_so new table as now_so for each statement execute function mark_moves();
