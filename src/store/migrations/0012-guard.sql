-- What is looked at right before something is sent, and how often that kept it back.

-- A person is known by every address of theirs.
create index recipients_phone on recipients (tenant_id, phone_hash) where phone_hash is not null;

-- What was kept back, and since when, for the report.
create index intervention_events_kept_back on intervention_events (tenant_id, at)
  where to_state in ('suppressed', 'deferred');
