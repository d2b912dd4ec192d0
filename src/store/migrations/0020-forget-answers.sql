-- What providers said of messages is append-only for the tenant; the words of it, which may name a person, can be
-- forgotten, and nothing else changed.
create function forget_delivery_events(ids uuid[], hashes bytea[]) returns void
language sql security definer set search_path = public, pg_temp as $$
  update delivery_events set detail = null
  where tenant_id = nullif(current_setting('holdfast.tenant', true), '')::uuid and detail is not null
    and (intervention_id = any (ids) or address_hash = any (hashes))
$$;
revoke all on function forget_delivery_events(uuid[], bytea[]) from public;
grant execute on function forget_delivery_events(uuid[], bytea[]) to holdfast_tenant;
