-- Offers follow all the interventions that move at once. One by one, and planned while there were only a few (when any index
-- that begins with the tenant is as good as the key), each that went out read all offers of its tenant until the next
-- ANALYZE.

create function offers_follow() returns trigger language plpgsql
  set enable_nestloop = off set enable_hashjoin = on set enable_seqscan = off as $$
declare
  moved record;
begin
  for moved in
    select n.tenant_id, array_agg(n.id) filter (where n.state in ('sent', 'confirmed', 'uncertain')) as gone_out,
      array_agg(n.id) filter (where n.state not in ('sent', 'confirmed', 'uncertain')) as ended
    from now_so n join was_so o on o.tenant_id = n.tenant_id and o.id = n.id
    where n.state is distinct from o.state and n.state in (
      'sent', 'confirmed', 'uncertain', 'rejected', 'suppressed', 'expired', 'cancelled', 'dry_run')
    group by n.tenant_id
  loop
    if moved.gone_out is not null then
      update offers set status = 'issued', issued_at = coalesce(issued_at, now()), updated_at = now()
      where tenant_id = moved.tenant_id and intervention_id = any (moved.gone_out) and status = 'reserved';
    end if;
    continue when moved.ended is null;
    with withdrawn as (
      update offers f set status = 'withdrawn', status_reason = coalesce(n.reason_code, n.state), updated_at = now(),
        -- A code that nobody can have seen goes back; one that was about to leave is burnt.
        code = case when n.sending_at is null then null else code end
      from now_so n
      where f.tenant_id = moved.tenant_id and f.intervention_id = any (moved.ended)
        and f.status in ('requested', 'reserved', 'issued')
        and n.tenant_id = f.tenant_id and n.id = f.intervention_id
      returning f.intervention_id, n.sending_at
    )
    update offer_codes set intervention_id = null, taken_at = null
    where tenant_id = moved.tenant_id
      and intervention_id = any (array(select intervention_id from withdrawn where sending_at is null));
  end loop;
  return null;
end
$$;

drop trigger follow_with_offer on interventions;
drop function follow_with_offer();
create trigger follow_with_offers after update on interventions
  referencing old table as was_so new table as now_so for each statement execute function offers_follow();
