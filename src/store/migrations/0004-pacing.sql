-- How many calls a CRM takes, shared by every process: a limit is a set of slots, and a slot says from when on it is
-- free. Slot -1 closes the whole limit until then, after a refusal.
-- The rows are no tenant's: a limit is counted by the portal, which two tenants may have connected, and says nothing
-- about either. The role of the tenants has no right to it.
create table pacing (
  -- 'hubspot:<portal>:<kind of call>'
  name text not null,
  slot int not null,
  free_at timestamptz not null,
  primary key (name, slot)
) with (fillfactor = 50);
