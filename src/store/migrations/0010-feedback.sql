-- How what providers and people say finds its intervention, its address, and who has that address.

-- Whether the address itself is at fault (bounced, failed); null: nothing like that was said.
alter table delivery_events add column permanent boolean;
create index delivery_events_address on delivery_events (tenant_id, address_hash, channel, kind, at)
  where address_hash is not null;
create index interventions_provider on interventions (tenant_id, provider_id) where provider_id is not null;
