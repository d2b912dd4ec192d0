-- Who signs in: the people of each company, what their sessions come from, and the installation's own admin.

create table people (
  tenant_id uuid not null references tenants on delete cascade,
  id uuid not null,
  -- In lower case, the domain in ASCII: what sessions, links and the audit log name the person by.
  email text not null,
  name text not null,
  role text not null check (role in ('viewer', 'operator', 'admin')),
  -- invited: an admin said who, and which role. group: a group of the sign-in service says it, at each sign-in.
  origin text not null default 'invited' check (origin in ('invited', 'group')),
  -- SHA-256 of issuer and subject, from the first sign-in at a sign-in service on: an address that is given to somebody
  -- else there is not the same person.
  identity bytea,
  created_by text not null,
  created_at timestamptz not null default now(),
  -- Removed: kept so that what they did still has a name.
  disabled_at timestamptz,
  last_sign_in_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, email)
);
-- In which companies somebody is who signs in by their address.
create index people_email on people (email);
select guard_tenant_table('people');

alter table sign_in_links
  -- Null: a link of the machine, by its start or its command line.
  add column person_id uuid,
  add foreign key (tenant_id, person_id) references people on delete cascade;

alter table sessions
  -- What others may name a session by; its hash is nobody else's affair.
  add column id uuid not null default gen_random_uuid(),
  add column person_id uuid,
  add column means text not null default 'link' check (means in ('link', 'password', 'service')),
  -- Where it began, as far as trusted proxies tell.
  add column address text,
  add column agent text,
  add foreign key (tenant_id, person_id) references people on delete cascade,
  add unique (tenant_id, id);
create index sessions_person on sessions (tenant_id, person_id) where person_id is not null;

-- The way in when no other is left: one password of the installation, set on its machine. No company may look.
create table local_admin (
  one boolean primary key default true check (one),
  -- scrypt$<log2 N>$<r>$<p>$<salt>$<hash>, base64url.
  password text not null,
  set_at timestamptz not null default now()
);

-- The audit log by who and by what.
create index audit_log_actor on audit_log (tenant_id, actor, id desc);
create index audit_log_action on audit_log (tenant_id, action text_pattern_ops, id desc);
