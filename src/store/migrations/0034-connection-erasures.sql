-- An admin leaves a CRM and wants nothing of it kept: everything of its customers goes, a batch at a time, by whichever
-- process has time. The connection itself stays, empty, so that keyed hashes still say who must not come back.
create table connection_erasures (
  tenant_id uuid not null,
  id uuid not null,
  connection_id uuid not null,
  actor text not null,
  asked_at timestamptz not null default now(),
  -- Customers when it was asked for, and how many of them went since.
  customers bigint not null,
  gone bigint not null default 0,
  -- Null: it is being done.
  done_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, connection_id) references connections on delete cascade
);
create unique index connection_erasures_open on connection_erasures (tenant_id, connection_id) where done_at is null;
create index connection_erasures_of on connection_erasures (tenant_id, connection_id, asked_at desc);
select guard_tenant_table('connection_erasures');
