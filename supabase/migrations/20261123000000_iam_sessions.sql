-- Which agent session belongs to a tab key: user, domain (the workspace), tab. Read and written by the server only.
--
-- Can be run again, and over an iam.sessions that older code made: its rows stay. Postgres 15 to 18, with Supabase's roles or without.

create schema if not exists iam;
comment on schema iam is 'What only the server may see. No rights for anon and authenticated.';
create schema if not exists app;

do $$
begin
  -- A table of this name that is already there is the app's own: its rights are left as they are.
  if to_regclass('app.domains') is null then
    create table app.domains (
      domain_id uuid primary key default gen_random_uuid(),
      hostname text not null unique check (hostname <> '')
    );
    comment on table app.domains is 'The workspaces by hostname.';
    alter table app.domains enable row level security;
  end if;
end $$;

create table if not exists iam.sessions (
  user_id text not null,
  domain_id uuid not null references app.domains (domain_id) on delete cascade,
  tab_id text not null,
  primary key (user_id, domain_id, tab_id)
);

alter table iam.sessions
  add column if not exists sdk_session_id text,
  add column if not exists last_activity timestamptz not null default clock_timestamp(),
  add column if not exists expires_at timestamptz,
  add column if not exists lease_id uuid,
  add column if not exists lease_until timestamptz;

update iam.sessions set last_activity = clock_timestamp() where last_activity is null;
update iam.sessions set expires_at = last_activity + interval '24 hours' where expires_at is null;

alter table iam.sessions
  alter column sdk_session_id drop not null,
  alter column last_activity set default clock_timestamp(),
  alter column last_activity set not null,
  alter column expires_at set default clock_timestamp() + interval '24 hours',
  alter column expires_at set not null,
  drop constraint if exists sessions_lease_is_whole,
  add constraint sessions_lease_is_whole check ((lease_id is null) = (lease_until is null));

-- For the purge, and for the cascade from app.domains.
create index if not exists sessions_expires_at on iam.sessions (expires_at);
create index if not exists sessions_domain_id on iam.sessions (domain_id);

comment on table iam.sessions is 'The agent session of each tab key. Server only: whoever knows an agent session id can read what was said in it.';
comment on column iam.sessions.user_id is 'From the app''s authentication.';
comment on column iam.sessions.domain_id is 'The workspace.';
comment on column iam.sessions.tab_id is 'The conversation id, unless older data carried another.';
comment on column iam.sessions.sdk_session_id is 'The session id of the agent SDK; null once the agent no longer knows it.';
comment on column iam.sessions.last_activity is 'When a turn last began or ended.';
comment on column iam.sessions.expires_at is 'From then on the row counts as absent, whether it has been purged or not.';
comment on column iam.sessions.lease_id is 'The turn that holds the tab key; minted by the server that runs it.';
comment on column iam.sessions.lease_until is 'Until when, unless the turn renews it.';

-- No policy: with row-level security on, only a role that bypasses it sees a row, as service_role does.
alter table iam.sessions enable row level security;
revoke all on schema iam from public;
revoke all on iam.sessions from public;

-- Plain Postgres has none of these roles.
do $$
declare
  client text;
begin
  foreach client in array array['anon', 'authenticated'] loop
    if exists (select from pg_roles where rolname = client) then
      execute format('revoke all on schema iam from %I', client);
      execute format('revoke all on all tables in schema iam from %I', client);
    end if;
  end loop;
  if exists (select from pg_roles where rolname = 'service_role') then
    grant usage on schema iam, app to service_role;
    grant select, insert, update, delete on iam.sessions, app.domains to service_role;
  end if;
end $$;
