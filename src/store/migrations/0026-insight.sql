-- What people look at and answer: how far each decision got, how each action leaves, what waits for somebody's look.

-- How far a decision got, and which action it was about. Said once, by the row itself, so that counts and lists agree.
alter table decisions
  -- compared: its group is left alone. unvalued: nobody can say what an action is worth. not_worth: none promises more
  -- than it costs. held_back: something would be worth it, and none of that was possible. passed_over: something worth it
  -- was possible, and the budget does more elsewhere, or chance has it. chosen: an action was chosen.
  add column stage text check (stage in ('compared', 'unvalued', 'not_worth', 'held_back', 'passed_over', 'chosen')),
  -- The one that was chosen; where none was, the one that would have been worth most; no_action where nothing would.
  add column lead_action text,
  -- Of held_back: why the lead action was not possible, as in masks.
  add column held_reason text;

create function decision_lead(keys text[], masks text[], gains float8[], only_open boolean)
returns integer language sql immutable parallel safe as $$
  select at from generate_subscripts(keys, 1) at
  where keys[at] <> 'no_action' and gains[at] > 0 and gains[at] <> 'NaN' and (not only_open or masks[at] = 'open')
  order by gains[at] desc, at limit 1
$$;

create function note_stage() returns trigger language plpgsql as $$
declare
  best float8 := 0;
  best_open float8 := 0;
  lead integer;
  lead_open integer;
  known boolean := false;
begin
  new.held_reason := null;
  new.lead_action := 'no_action';
  if new.group_name <> 'policy' then
    new.stage := 'compared';
  elsif new.action_key <> 'no_action' then
    new.stage := 'chosen';
    new.lead_action := new.action_key;
  else
    for at in 1 .. coalesce(array_length(new.action_keys, 1), 0) loop
      if new.action_keys[at] = 'no_action' or new.gains[at] is null or new.gains[at] = 'NaN' then continue; end if;
      known := true;
      if new.gains[at] > best then
        best := new.gains[at];
        lead := at;
      end if;
      if new.masks[at] = 'open' and new.gains[at] > best_open then
        best_open := new.gains[at];
        lead_open := at;
      end if;
    end loop;
    if lead_open is not null then
      new.stage := 'passed_over';
      new.lead_action := new.action_keys[lead_open];
    elsif lead is not null then
      new.stage := 'held_back';
      new.lead_action := new.action_keys[lead];
      new.held_reason := new.masks[lead];
    else
      new.stage := case when known then 'not_worth' else 'unvalued' end;
    end if;
  end if;
  return new;
end
$$;

alter table decisions disable trigger user;
update decisions d set
  stage = case
    when group_name <> 'policy' then 'compared'
    when action_key <> 'no_action' then 'chosen'
    when decision_lead(action_keys, masks, gains, true) is not null then 'passed_over'
    when decision_lead(action_keys, masks, gains, false) is not null then 'held_back'
    when exists (select from unnest(action_keys, gains) as w (key, gain)
      where w.key <> 'no_action' and w.gain is not null and w.gain <> 'NaN') then 'not_worth'
    else 'unvalued' end,
  lead_action = case
    when group_name <> 'policy' then 'no_action'
    when action_key <> 'no_action' then action_key
    else coalesce(action_keys[coalesce(decision_lead(action_keys, masks, gains, true),
      decision_lead(action_keys, masks, gains, false))], 'no_action') end,
  held_reason = case
    when group_name = 'policy' and action_key = 'no_action' and decision_lead(action_keys, masks, gains, true) is null
    then masks[decision_lead(action_keys, masks, gains, false)] end;
alter table decisions enable trigger user;
drop function decision_lead(text[], text[], float8[], boolean);
alter table decisions alter column stage set not null, alter column lead_action set not null;
create trigger stage before insert on decisions for each row execute function note_stage();

create index decisions_recent on decisions (tenant_id, decided_at desc, id desc);
create index decisions_stage on decisions (tenant_id, stage, lead_action, decided_at desc, id desc);

-- Decisions counted by everything that the funnel tells apart, a few hundred rows a day however large the book is.
create table decision_counts (
  tenant_id uuid not null references tenants on delete cascade,
  -- In UTC.
  day date not null,
  connection_id uuid not null,
  group_name text not null,
  stage text not null,
  lead_action text not null,
  -- '' where nothing held it back.
  held_reason text not null,
  currency text not null,
  decisions bigint not null,
  -- Minor units; decisions of which it is unknown add nothing.
  expected_value_minor bigint not null,
  planned_cost_minor bigint not null,
  primary key (tenant_id, day, connection_id, group_name, stage, lead_action, held_reason, currency)
);
select guard_tenant_table('decision_counts');

-- What the owner copies from another database brings its own counts.
create function count_decided() returns trigger language plpgsql as $$
begin
  if current_user = 'holdfast_tenant' then
    insert into decision_counts as c (tenant_id, day, connection_id, group_name, stage, lead_action, held_reason, currency,
      decisions, expected_value_minor, planned_cost_minor)
    select tenant_id, (decided_at at time zone 'UTC')::date, connection_id, group_name, stage, lead_action,
      coalesce(held_reason, ''), currency, count(*), coalesce(sum(expected_value_minor), 0), sum(planned_cost_minor)
    from added group by 1, 2, 3, 4, 5, 6, 7, 8 order by 1, 2, 3, 4, 5, 6, 7, 8
    on conflict (tenant_id, day, connection_id, group_name, stage, lead_action, held_reason, currency) do update set
      decisions = c.decisions + excluded.decisions,
      expected_value_minor = c.expected_value_minor + excluded.expected_value_minor,
      planned_cost_minor = c.planned_cost_minor + excluded.planned_cost_minor;
  end if;
  return null;
end
$$;

-- Decisions go with the customer who is erased, and when they are too old: by whoever deletes them.
create function count_forgotten() returns trigger language plpgsql as $$
begin
  update decision_counts c set decisions = c.decisions - g.decisions,
    expected_value_minor = c.expected_value_minor - g.expected, planned_cost_minor = c.planned_cost_minor - g.planned
  from (
    select tenant_id, (decided_at at time zone 'UTC')::date as day, connection_id, group_name, stage, lead_action,
      coalesce(held_reason, '') as held_reason, currency, count(*) as decisions,
      coalesce(sum(expected_value_minor), 0) as expected, sum(planned_cost_minor) as planned
    from gone group by 1, 2, 3, 4, 5, 6, 7, 8
  ) g
  where c.tenant_id = g.tenant_id and c.day = g.day and c.connection_id = g.connection_id
    and c.group_name = g.group_name and c.stage = g.stage and c.lead_action = g.lead_action
    and c.held_reason = g.held_reason and c.currency = g.currency;
  return null;
end
$$;

insert into decision_counts (tenant_id, day, connection_id, group_name, stage, lead_action, held_reason, currency,
  decisions, expected_value_minor, planned_cost_minor)
select tenant_id, (decided_at at time zone 'UTC')::date, connection_id, group_name, stage, lead_action,
  coalesce(held_reason, ''), currency, count(*), coalesce(sum(expected_value_minor), 0), sum(planned_cost_minor)
from decisions group by 1, 2, 3, 4, 5, 6, 7, 8;

create trigger counted after insert on decisions
  referencing new table as added for each statement execute function count_decided();
create trigger forgotten after delete on decisions
  referencing old table as gone for each statement execute function count_forgotten();

-- How an action left, or would have: kept beside the message, which is forgotten with its person.
alter table interventions add column delivery text check (delivery in ('dry_run', 'sandbox', 'live'));
alter table interventions disable trigger user;
update interventions set delivery = case
  when message ->> 'delivery' in ('dry_run', 'sandbox', 'live') then message ->> 'delivery'
  when state = 'dry_run' then 'dry_run' end
where message is not null or state = 'dry_run';
alter table interventions enable trigger user;

create index interventions_made on interventions (tenant_id, created_at desc, id);
create index interventions_deferred on interventions (tenant_id, reason_code) where state = 'deferred';
create index interventions_to_look_at on interventions (tenant_id, updated_at desc, id)
  where state in ('uncertain', 'rejected');

-- Few of many are exempted from the comparison.
create index customers_exempt on customers (tenant_id, id) where group_name = 'exempt';

-- What a person has looked at and put aside, until it happens anew.
create table attention_seen (
  tenant_id uuid not null references tenants on delete cascade,
  -- What it is about: `step:<connection>:sync`, `intervention:<id>`.
  key text not null,
  -- Which time it happened: another one shows it again.
  mark text not null,
  actor text not null,
  note text,
  at timestamptz not null default now(),
  primary key (tenant_id, key)
);
select guard_tenant_table('attention_seen');

-- Whether the groups are as large as they should be, as it was last looked at: that goes over the whole book.
create table group_checks (
  tenant_id uuid primary key references tenants on delete cascade,
  at timestamptz not null,
  alarm boolean not null,
  -- As src/loop/group-ratio.ts reckons it: as they were drawn, and among those who were decided on.
  drawn jsonb not null,
  decided jsonb not null
);
select guard_tenant_table('group_checks');
