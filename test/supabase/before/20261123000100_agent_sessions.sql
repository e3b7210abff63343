-- Which agent session belongs to a tab key: user, domain (the workspace), tab. Read and written by the server only.
--
-- Also over an iam.sessions that older code made: its rows stay, and the types of its columns.

create table if not exists iam.sessions (
  user_id text not null,
  domain_id uuid not null,
  tab_id text not null,
  constraint sessions_pkey primary key (user_id, domain_id, tab_id),
  constraint sessions_domain_id_fkey foreign key (domain_id) references app.domains (domain_id) on delete cascade
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

-- The verbs need one row per tab key. An older table may have said so in another way, or not at all.
do $$
begin
  if not exists (
    select from pg_index as i
    where i.indrelid = 'iam.sessions'::regclass and i.indisunique and i.indpred is null and i.indnkeyatts = 3
      and array(
        select a.attname::text from pg_attribute as a
        where a.attrelid = i.indrelid and a.attnum = any (i.indkey) order by a.attname
      ) = array['domain_id', 'tab_id', 'user_id']
  ) then
    create unique index sessions_tab_key on iam.sessions (user_id, domain_id, tab_id);
    comment on index iam.sessions_tab_key is 'One row per tab key.';
  end if;
end $$;

create index if not exists sessions_expires_at on iam.sessions (expires_at);
comment on index iam.sessions_expires_at is 'For the purge: oldest first.';
create index if not exists sessions_domain_id on iam.sessions (domain_id);
comment on index iam.sessions_domain_id is 'For deletes that cascade from app.domains.';

comment on table iam.sessions is
  'The agent session of each tab key. Server only: whoever knows an agent session id can read what was said in it.';
comment on column iam.sessions.user_id is 'From the app''s authentication.';
comment on column iam.sessions.domain_id is 'The workspace.';
comment on column iam.sessions.tab_id is 'The conversation id, unless older data carried another.';
comment on column iam.sessions.sdk_session_id is
  'The session id of the agent SDK; null before the first turn has ended, and once the agent no longer knows it.';
comment on column iam.sessions.last_activity is 'When a turn last began, went on or ended.';
comment on column iam.sessions.expires_at is 'From then on the id counts as absent, whether the row has been purged or not.';
comment on column iam.sessions.lease_id is 'The turn that holds the tab key; minted by the server that runs it.';
comment on column iam.sessions.lease_until is 'Until when, unless the turn renews it.';
comment on constraint sessions_lease_is_whole on iam.sessions is 'A lease has a holder and an end, or is none.';

alter table iam.sessions enable row level security;
drop policy if exists sessions_are_for_the_server on iam.sessions;
create policy sessions_are_for_the_server on iam.sessions using (false);
comment on policy sessions_are_for_the_server on iam.sessions is
  'No row for anyone but a role that bypasses row-level security, as service_role does.';

revoke all on iam.sessions from public;
do $$
declare
  browser text;
begin
  foreach browser in array array['anon', 'authenticated'] loop
    if to_regrole(browser) is not null then
      execute format('revoke all on iam.sessions from %I', browser);
    end if;
  end loop;
  if to_regrole('service_role') is not null then
    grant select, insert, update, delete on iam.sessions to service_role;
  end if;
end $$;
