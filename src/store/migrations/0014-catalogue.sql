-- Policies that were solved for a company's own catalogue, and the step that solves them.

alter table steps drop constraint steps_step_check;
alter table steps add constraint steps_step_check
  check (step in ('sync', 'refresh', 'score', 'decide', 'write_back', 'observe', 'solve'));

-- What came of solving, one row a question: the same beliefs are not solved twice, also where the answer was no good.
create table policies (
  tenant_id uuid not null references tenants on delete cascade,
  -- SHA-256 of the beliefs that it was solved for.
  wanted text not null,
  -- SHA-256 over its bundle, as in models and decisions.
  hash text not null,
  settings_version integer not null,
  seed integer not null,
  solved_at timestamptz not null default now(),
  figures jsonb not null,
  -- Why it may not take over; none when it may.
  problems text[] not null,
  -- The bundle, so that each process has it wherever it runs and a backup holds it; JSON whose bytes count.
  contents text not null,
  primary key (tenant_id, wanted),
  unique (tenant_id, hash)
);
select guard_tenant_table('policies');

-- Asks the oldest connection that works for the step, where a company believes something of its own, or did until now.
create function request_solve(tenant uuid, why text) returns void
language sql as $$
  insert into steps (tenant_id, connection_id, step, due_at, cause)
  select tenant, c.id, 'solve', now(), why
  from connections c
  where c.tenant_id = tenant and c.status = 'active' and (
    exists (select from steps s where s.tenant_id = tenant and s.step = 'solve')
    or exists (
      select from (
        select settings -> 'actions' as actions from settings_versions
        where tenant_id = tenant order by version desc limit 1
      ) newest
      where coalesce(newest.actions -> 'own', '[]') <> '[]' or coalesce(newest.actions -> 'effects', '{}') <> '{}'
    )
  )
  order by c.created_at, c.id limit 1
  on conflict (tenant_id, connection_id, step) do update set
    due_at = least(steps.due_at, now()), cause = excluded.cause,
    attempts = case when steps.due_at is null and steps.lease_until is null then 0 else steps.attempts end
$$;

create function solve_for_settings() returns trigger
language plpgsql as $$
begin
  perform request_solve(new.tenant_id, 'settings');
  return null;
end
$$;
create trigger solve_for_settings after insert on settings_versions
  for each row execute function solve_for_settings();

create function solve_for_connection() returns trigger
language plpgsql as $$
begin
  perform request_solve(new.tenant_id, 'first');
  return null;
end
$$;
create trigger solve_for_connection after insert on connections
  for each row execute function solve_for_connection();
