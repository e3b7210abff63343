-- Which agent session belongs to a tab key: user, domain (the workspace), tab. Read and written by the server only.
--
-- Also over an iam.sessions that older code made, while it is in use: its rows stay, and the types of its columns. Nothing here rewrites
-- a table, reads through one that has many rows, or waits for a lock for longer than 20 ms: it tries again instead.

create table if not exists iam.sessions (
  user_id text not null,
  domain_id uuid not null,
  tab_id text not null,
  sdk_session_id text,
  last_activity timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null default clock_timestamp() + interval '24 hours',
  lease_id uuid,
  lease_until timestamptz,
  constraint sessions_pkey primary key (user_id, domain_id, tab_id),
  constraint sessions_domain_id_fkey foreign key (domain_id) references app.domains (domain_id) on delete cascade,
  constraint sessions_lease_is_whole check ((lease_id is null) = (lease_until is null))
);

-- What an older table lacks. Columns are added empty, as a default that is computed for each row would rewrite the table: the verbs read
-- a row without `expires_at` as one that expires 24 hours after its last activity.
do $$
declare
  v_table constant regclass := 'iam.sessions';
  v_steps text[] := '{}';
  v_step text;
  v_column text;
  v_type text;
begin
  for v_column, v_type in values
    ('sdk_session_id', 'text'), ('last_activity', 'timestamptz'), ('expires_at', 'timestamptz'),
    ('lease_id', 'uuid'), ('lease_until', 'timestamptz')
  loop
    if not exists (select from pg_attribute where attrelid = v_table and attname = v_column and not attisdropped) then
      v_steps := v_steps || format('alter table iam.sessions add column %I %s', v_column, v_type);
    end if;
  end loop;
  if exists (select from pg_attribute where attrelid = v_table and attname = 'sdk_session_id' and attnotnull) then
    v_steps := v_steps || 'alter table iam.sessions alter column sdk_session_id drop not null'::text;
  end if;
  if not exists (select from pg_constraint where conrelid = v_table and conname = 'sessions_lease_is_whole') then
    -- Not validated: no older row has a lease, and reading them all would keep turns waiting.
    v_steps := v_steps || 'alter table iam.sessions add constraint sessions_lease_is_whole
      check ((lease_id is null) = (lease_until is null)) not valid'::text;
  end if;
  if not (select relrowsecurity from pg_class where oid = v_table) then
    v_steps := v_steps || 'alter table iam.sessions enable row level security'::text;
  end if;
  if not exists (select from pg_policy where polrelid = v_table and polname = 'sessions_are_for_the_server') then
    v_steps := v_steps || 'create policy sessions_are_for_the_server on iam.sessions using (false)'::text;
  end if;

  for v_try in 1..300 loop
    exit when v_steps = '{}';
    begin
      perform set_config('lock_timeout', '20ms', true);
      foreach v_step in array v_steps loop
        execute v_step;
      end loop;
      exit;
    exception when lock_not_available then
      -- Whoever holds the table goes first, and whoever has come to wait behind this has waited as long.
      if v_try = 300 then
        raise;
      end if;
      perform pg_sleep(0.05 + random() * 0.1);
    end;
  end loop;
end $$;

-- The indexes. On a table with many rows making one would keep turns waiting, so it is left to a statement of its own, which the notice
-- has: `create index concurrently` runs in no transaction, and so in no migration.
do $$
declare
  v_table constant regclass := 'iam.sessions';
  v_is_large constant boolean := (
    select coalesce(sum(pg_relation_size(relid)), 0) > 8 * 1024 * 1024
    from (select v_table as relid union select relid from pg_partition_tree(v_table)) as tables
  );
  v_name text;
  v_unique text;
  v_columns text[];
  v_has boolean;
begin
  for v_name, v_unique, v_columns in values
    -- The verbs need one row per tab key. An older table may say so in another way, or not at all.
    ('sessions_tab_key', 'unique ', array['user_id', 'domain_id', 'tab_id']),
    ('sessions_expires_at', '', array['expires_at']),
    ('sessions_domain_id', '', array['domain_id'])
  loop
    select exists (
      select from pg_index as i
      where i.indrelid = v_table and i.indpred is null and (i.indisunique or v_unique = '') and i.indnkeyatts >= cardinality(v_columns)
        and (i.indisvalid or (select relkind = 'p' from pg_class where oid = v_table))
        and array(
          select a.attname::text from unnest((i.indkey::smallint[])[0:cardinality(v_columns) - 1]) as key
          join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = key
          order by a.attname
        ) = array(select unnest(v_columns) order by 1)
        and (v_unique = '' or i.indnkeyatts = cardinality(v_columns))
    ) into v_has;
    continue when v_has;
    if not v_is_large then
      execute format('drop index if exists iam.%I', v_name); -- one that was never finished
      execute format('create %sindex %I on iam.sessions (%s)', v_unique, v_name, array_to_string(v_columns, ', '));
    elsif v_unique <> '' then
      raise exception 'iam.sessions has many rows and no unique index on its tab key. Make it first, then run this again: %',
        format('create unique index concurrently %I on iam.sessions (%s);', v_name, array_to_string(v_columns, ', '));
    else
      raise notice 'iam.sessions has many rows, so make this index by a statement of its own: %', format(
        'drop index if exists iam.%1$I; create index concurrently %1$I on iam.sessions (%2$s);',
        v_name, array_to_string(v_columns, ', ')
      );
    end if;
  end loop;
  if to_regclass('iam.sessions_tab_key') is not null then
    comment on index iam.sessions_tab_key is 'One row per tab key.';
  end if;
  if to_regclass('iam.sessions_expires_at') is not null then
    comment on index iam.sessions_expires_at is 'For the purge: oldest first.';
  end if;
  if to_regclass('iam.sessions_domain_id') is not null then
    comment on index iam.sessions_domain_id is 'For deletes that cascade from app.domains.';
  end if;
end $$;

comment on table iam.sessions is
  'The agent session of each tab key. Server only: whoever knows an agent session id can read what was said in it.';
comment on column iam.sessions.user_id is 'From the app''s authentication.';
comment on column iam.sessions.domain_id is 'The workspace.';
comment on column iam.sessions.tab_id is 'The conversation id, unless older data carried another.';
comment on column iam.sessions.sdk_session_id is
  'The session id of the agent SDK; null before the first turn has ended, and once the agent no longer knows it.';
comment on column iam.sessions.last_activity is 'When a turn last began or ended.';
comment on column iam.sessions.expires_at is
  'From then on the id counts as absent, whether the row has been purged or not. Null in rows of older code: 24 hours after last_activity.';
comment on column iam.sessions.lease_id is 'The turn that holds the tab key; minted by the server that runs it.';
comment on column iam.sessions.lease_until is 'Until when, unless the turn renews it.';
comment on constraint sessions_lease_is_whole on iam.sessions is 'A lease has a holder and an end, or is none.';

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
