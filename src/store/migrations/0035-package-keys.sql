-- A key of the package in an account of a CRM: it speaks for the people of that account, and opens nothing else.
alter table api_keys add column account text;
alter table api_keys add constraint api_keys_of_account check ((account is not null) = (scopes = array['crm']));
create index api_keys_account on api_keys (tenant_id, account) where account is not null and revoked_at is null;
