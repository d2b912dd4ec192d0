-- Who objects to being profiled, so that there is no score of theirs (GDPR, article 21).

alter table recipients
  -- The source says that this person objects to being profiled, or to marketing altogether.
  add column objects boolean not null default false;
create index recipients_objecting on recipients (tenant_id, customer_id) where objects;

-- Refusals of texts are rare: where one is looked for, nothing else has to be.
create index consents_refused_sms on consents (tenant_id, address_hash) where channel = 'sms' and status = 'refused';

-- Customers whose score was taken away, until they are scored again.
create table profiling_objections (
  tenant_id uuid not null,
  customer_id bigint not null,
  connection_id uuid not null,
  -- record: a property of the record says so, and a change there makes it due. people: all of its people do.
  source text not null check (source in ('record', 'people')),
  since timestamptz not null default now(),
  primary key (tenant_id, customer_id),
  foreign key (tenant_id, customer_id) references customers on delete cascade
);
create index profiling_objections_of on profiling_objections (tenant_id, connection_id) where source = 'people';
select guard_tenant_table('profiling_objections');
