-- A code that nobody has seen goes back into its pool when the offer goes with its customer, who asked to be forgotten or
-- whose connection was taken away: bound to nothing it would never be given again.

create function free_unseen_code() returns trigger
language plpgsql as $$
begin
  update offer_codes c set intervention_id = null, taken_at = null
  where c.tenant_id = old.tenant_id and c.intervention_id = old.intervention_id
    and old.fulfilment = 'pool' and old.status = 'reserved';
  return old;
end
$$;
create trigger free_unseen_code before delete on offers for each row execute function free_unseen_code();
