-- What a database that was restored cannot know: what went out between the backup and its loss.

alter table installation
  -- When the backup was made that this was restored from.
  add column restored_from timestamptz,
  -- When providers and CRMs were last asked what had gone out since.
  add column reconciled_at timestamptz;

/**
 * Decided before the loss, forgotten by the backup, and decided anew: the same message under the same id, which may have
 * gone out already. What is planned anew in the periods around the loss is in doubt from its beginning, until somebody
 * was asked (src/loop/reconcile-restore.ts). Tasks are not: their CRM knows them by their keys.
 */
create function doubt_after_restore() returns trigger
language plpgsql as $$
declare
  backup_at timestamptz;
  back_at timestamptz;
  periods text[];
begin
  select restored_from, restored_at into backup_at, back_at from installation;
  -- Rows of before are those that are being restored themselves.
  if backup_at is null or back_at is null or new.created_at <= back_at then return new; end if;
  select array_agg(to_char(at at time zone 'UTC', form)) into periods
  from unnest(array[backup_at, back_at]) at, unnest(array['YYYY-MM', 'YYYY-"Q"Q', 'IYYY-"W"IW']) form;
  if new.decision_id is not null and not exists (
    select from decisions d where d.tenant_id = new.tenant_id and d.id = new.decision_id and d.period = any (periods))
  then return new; end if;
  -- Of what a program asked for: whoever asks again does so within days.
  if new.decision_id is null and new.created_at > back_at + interval '30 days' then return new; end if;
  new.state := 'uncertain';
  new.reason_code := 'restored_anew';
  new.reason := 'Decided again after a backup was restored: it may have gone out before under the same key, so that it is looked up first.';
  return new;
end
$$;
create trigger in_doubt_after_restore before insert on interventions
  for each row when (new.channel in ('email', 'sms') and new.state in ('planned', 'awaiting_approval'))
  execute function doubt_after_restore();
