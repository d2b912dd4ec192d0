/**
 * What a customer's timeline is told from: statements of the customer $2 of the tenant $1, each with `at`, `kind`, `key`
 * (with the kind an entry's own) and `data` (TimelineData). $3 are the properties whose changes are told.
 */

const OF_CUSTOMER = `tenant_id = $1 and customer_id = $2`

const LEVELS = `select scored_at as at, 'level' as kind, id::text as key, jsonb_build_object('probability', probability,
    'level', level, 'before', before, 'levelBefore', level_before) as data
  from (
    select id, scored_at, probability, level, lag(probability) over moved as before, lag(level) over moved as level_before
    from score_history where ${OF_CUSTOMER} window moved as (order by scored_at, id)
  ) h where level is distinct from level_before`

/** What it was before is looked up for what is shown. The row that was kept first has all there was. */
const PROPERTIES = `select p.valid_at as at, 'property' as kind, p.id::text as key, jsonb_build_object('first', p.first,
    'changes', case when p.first then '[]'::jsonb else (
      select coalesce(jsonb_agg(jsonb_build_object('property', e.key, 'to', e.value, 'from', coalesce((
        select b.changes -> e.key from property_changes b
        where b.tenant_id = $1 and b.customer_id = $2 and b.changes ? e.key
          and (b.valid_at, b.id) < (p.valid_at, p.id)
        order by b.valid_at desc, b.id desc limit 1), 'null'::jsonb)) order by e.key), '[]'::jsonb)
      from jsonb_each(p.changes) e where e.key = any ($3::text[])) end) as data
  from (
    select id, valid_at, changes, id = min(id) over () as first from property_changes where ${OF_CUSTOMER}
  ) p where p.first or p.changes ?| $3::text[]`

const STATUS = `select status_since as at, 'status' as kind, status as key, jsonb_build_object('status', status) as data
  from customers where tenant_id = $1 and id = $2 and status <> 'active'`

/** Of groups that are left as they are nothing is told of what would have been. */
const DECISIONS = `select decided_at as at, 'decision' as kind, id::text as key, jsonb_build_object('decision', id,
    'period', period, 'cause', cause, 'group', group_name, 'actionKey', action_key,
    'expectedValueMinor', case when group_name = 'policy' then expected_value_minor end, 'currency', currency) as data
  from decisions where ${OF_CUSTOMER}`

/** Without what passes within seconds, and what waits on. */
const MOVES = `select e.at, 'intervention' as kind, e.id::text as key, jsonb_build_object('intervention', i.id,
    'actionKey', i.action_key, 'channel', i.channel, 'from', e.from_state, 'to', e.to_state, 'actor', e.actor,
    'reasonCode', e.reason_code, 'reason', e.reason) as data
  from interventions i join intervention_events e on e.tenant_id = i.tenant_id and e.intervention_id = i.id
  where i.tenant_id = $1 and i.customer_id = $2 and e.to_state not in ('leased', 'sending')
    and e.from_state is distinct from e.to_state`

/** That it was handed on, and arrived, the ledger tells. */
const FEEDBACK = `select d.at, 'feedback' as kind, d.id::text as key, jsonb_build_object('intervention', i.id,
    'actionKey', i.action_key, 'feedback', d.kind) as data
  from interventions i join delivery_events d on d.tenant_id = i.tenant_id and d.intervention_id = i.id
  where i.tenant_id = $1 and i.customer_id = $2 and d.kind not in ('accepted', 'delivered')`

const CALLS = `select o.ended_at as at, 'call' as kind, o.intervention_id::text as key, jsonb_build_object(
    'intervention', i.id, 'actionKey', i.action_key, 'status', o.status, 'outcome', o.outcome) as data
  from interventions i join call_outcomes o on o.tenant_id = i.tenant_id and o.intervention_id = i.id
  where i.tenant_id = $1 and i.customer_id = $2 and o.ended_at is not null and o.status <> 'open'`

const REDEEMED = `select r.redeemed_at as at, 'redeemed' as kind, r.intervention_id::text as key, jsonb_build_object(
    'intervention', o.intervention_id, 'actionKey', o.action_key) as data
  from offers o join offer_redemptions r on r.tenant_id = o.tenant_id and r.intervention_id = o.intervention_id
  where o.tenant_id = $1 and o.customer_id = $2`

/** Addresses of the customer's people, each once for a channel. */
const ADDRESSES = `(
    select distinct on (a.hash, a.channel) a.hash, a.channel, r.name
    from recipients r cross join lateral (values
      (r.email_hash, 'email'), (r.phone_hash, 'sms'), (r.phone_hash, 'call')) as a (hash, channel)
    where r.tenant_id = $1 and r.customer_id = $2 and a.hash is not null order by a.hash, a.channel, r.rank, r.id
  )`

const CONSENTS = `select n.changed_at as at, 'consent' as kind, n.id::text as key, jsonb_build_object('channel', n.channel,
    'status', n.status, 'source', n.source, 'recipient', a.name) as data
  from ${ADDRESSES} a join consents n on n.tenant_id = $1 and n.address_hash = a.hash and n.channel = a.channel`

const SUPPRESSIONS = `select s.created_at as at, 'suppression' as kind,
    s.channel || encode(substr(s.address_hash, 1, 12), 'hex') as key,
    jsonb_build_object('channel', s.channel, 'reason', s.reason, 'recipient', a.name) as data
  from ${ADDRESSES} a join suppressions s on s.tenant_id = $1 and s.address_hash = a.hash and s.channel = a.channel`

const HOLDS = `select created_at as at, 'hold' as kind, id::text as key, jsonb_build_object('hold', kind, 'reason', reason,
    'actor', actor) as data
  from holds where ${OF_CUSTOMER}`

const RELEASES = `select coalesce(ended_at, until) as at, 'release' as kind, id::text as key, jsonb_build_object('hold', kind,
    'actor', case when ended_at is null then 'time' else coalesce(ended_by, 'time') end) as data
  from holds where ${OF_CUSTOMER} and (ended_at is not null or until <= now())`

/** Of writing the record in the CRM the last time is known. */
const WRITTEN = `select written_at as at, 'written' as kind, 'last' as key, jsonb_build_object(
    'riskPercent', case when status = 'written' then fields -> 'riskPercent' end,
    'suggested', case when status = 'written' then fields -> 'suggestedAction' end) as data
  from write_backs where ${OF_CUSTOMER} and written_at is not null`

export const TIMELINE_SOURCES: readonly string[] = [
  LEVELS,
  PROPERTIES,
  STATUS,
  DECISIONS,
  MOVES,
  FEEDBACK,
  CALLS,
  REDEEMED,
  CONSENTS,
  SUPPRESSIONS,
  HOLDS,
  RELEASES,
  WRITTEN,
]
