-- What people answer inside their CRM.

-- Signed requests that changed something, for as long as their signature is good: each is taken once.
create table seen_requests (
  tenant_id uuid not null references tenants on delete cascade,
  -- SHA-256 of the signature.
  mark bytea not null,
  seen_at timestamptz not null,
  primary key (tenant_id, mark)
);
create index seen_requests_old on seen_requests (tenant_id, seen_at);
select guard_tenant_table('seen_requests');

-- Whose customers somebody is responsible for, told by the address that the CRM knows them by.
create index customers_responsible_email on customers (tenant_id, lower(responsible_email), connection_id)
  where responsible_email is not null;
