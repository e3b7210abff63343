-- What running turns have sent, so that a page that comes back reads on: a buffer, kept for minutes. Server only, as it is what people said.
--
-- Unlogged: a crash of the database empties the tables, and costs an answer that was being written its replay, not its outcome.

create unlogged table if not exists iam.turn_logs (
  log_id bigint generated always as identity,
  key_hash bytea not null,
  turn_id text not null,
  last_seq integer not null default 0,
  bytes bigint not null default 0,
  is_full boolean not null default false,
  has_ended boolean not null default false,
  kept_until timestamptz not null default clock_timestamp() + interval '1 hour',
  constraint turn_logs_pkey primary key (log_id),
  constraint turn_logs_turn unique (key_hash, turn_id),
  constraint turn_logs_turn_id_is_short check (turn_id ~ '^[A-Za-z0-9_-]{1,64}$')
) with (fillfactor = 50);

create unlogged table if not exists iam.turn_log_events (
  log_id bigint not null,
  last_seq integer not null,
  -- Not compressed: it is read within minutes, and then gone.
  events text not null,
  constraint turn_log_events_pkey primary key (log_id, last_seq),
  constraint turn_log_events_log_id_fkey foreign key (log_id) references iam.turn_logs (log_id) on delete cascade
);
alter table iam.turn_log_events alter column events set storage external;

create index if not exists turn_logs_kept_until on iam.turn_logs (kept_until);

comment on table iam.turn_logs is 'The turns whose events are kept.';
comment on column iam.turn_logs.log_id is 'Made here.';
comment on column iam.turn_logs.key_hash is 'The SHA-256 of the tab key, which may be longer than an index entry.';
comment on column iam.turn_logs.turn_id is 'As in iam.sessions.turns.';
comment on column iam.turn_logs.last_seq is 'The number of the last event so far.';
comment on column iam.turn_logs.bytes is 'How much its events take.';
comment on column iam.turn_logs.is_full is 'Whether events came for which there was no room: then no more are taken.';
comment on column iam.turn_logs.has_ended is 'Whether the last event ends the turn.';
comment on column iam.turn_logs.kept_until is
  'From then on the turn counts as absent. While it runs at least half an hour from its last event, so that most events change no indexed column.';
comment on constraint turn_logs_turn_id_is_short on iam.turn_logs is 'Clients choose turn ids.';
comment on index iam.turn_logs_kept_until is 'For the purge: oldest first.';
comment on table iam.turn_log_events is 'What the turns have sent, a row for what arrived at once.';
comment on column iam.turn_log_events.log_id is 'The turn.';
comment on column iam.turn_log_events.last_seq is 'The number of the last event in the row.';
comment on column iam.turn_log_events.events is 'One event a line, as JSON.';

do $$
declare
  v_member constant text := '(select pg_has_role(''leftoff_server'', ''usage''))';
  v_name text;
  v_policy text;
  v_is_server boolean;
  v_steps text[] := '{}';
  v_step text;
begin
  foreach v_name in array array['turn_logs', 'turn_log_events'] loop
    v_policy := v_name || '_are_for_the_server';
    if not (select relrowsecurity from pg_class where oid = ('iam.' || v_name)::regclass) then
      v_steps := v_steps || format('alter table iam.%I enable row level security', v_name);
    end if;
    v_is_server := (
      select polroles = array[to_regrole('leftoff_server')::oid] from pg_policy
      where polrelid = ('iam.' || v_name)::regclass and polname = v_policy
    );
    if v_is_server is null then
      v_steps := v_steps
        || format('create policy %I on iam.%I using (false)', v_policy, v_name)
        || format('comment on policy %I on iam.%I is %L', v_policy, v_name,
          'Rows for leftoff_server, and for no one else but a role that bypasses row-level security, as service_role does.');
    end if;
    if to_regrole('leftoff_server') is not null and v_is_server is not true then
      v_steps := v_steps || format('alter policy %I on iam.%I to leftoff_server using (%s) with check (%3$s)', v_policy, v_name, v_member);
    end if;
  end loop;

  for v_try in 1..300 loop
    exit when v_steps = '{}';
    begin
      perform set_config('lock_timeout', '20ms', true);
      foreach v_step in array v_steps loop
        execute v_step;
      end loop;
      exit;
    exception when lock_not_available then
      if v_try = 300 then
        raise;
      end if;
      perform pg_sleep(0.05 + random() * 0.1);
    end;
  end loop;
end $$;

create or replace function iam.turn_log_key(p_key text)
returns bytea
language sql immutable set search_path = ''
as $$
  select sha256(convert_to(p_key, 'UTF8'));
$$;
comment on function iam.turn_log_key is 'Under what the turns of a tab key are found.';

create or replace function iam.purge_turn_logs(p_batch integer default 1000)
returns integer
language plpgsql volatile set search_path = ''
as $$
declare
  v_purged integer;
  -- Once: compared with the volatile clock itself, the index could not be searched.
  v_now constant timestamptz := clock_timestamp();
begin
  with doomed as materialized (
    select l.log_id from iam.turn_logs as l
    where l.kept_until <= v_now
    order by l.kept_until
    limit p_batch
    for update skip locked
  )
  delete from iam.turn_logs as l using doomed as d where l.log_id = d.log_id;
  get diagnostics v_purged = row_count;
  return v_purged;
end;
$$;
comment on function iam.purge_turn_logs is
  'Deletes up to a batch of turns that are kept no longer, each with all its events. Says how many. Call it until it says 0.';

create or replace function iam.start_turn_log(p_key text, p_turn_id text)
returns boolean
language plpgsql volatile set search_path = ''
as $$
declare
  v_is_new boolean;
begin
  insert into iam.turn_logs (key_hash, turn_id) values (iam.turn_log_key(p_key), p_turn_id)
  on conflict (key_hash, turn_id) do nothing;
  v_is_new := found;
  -- A database without pg_cron stays clean too: each turn takes two away.
  perform iam.purge_turn_logs(2);
  return v_is_new;
end;
$$;
comment on function iam.start_turn_log is 'Begins the log of a turn. Whether there was none before.';

create or replace function iam.write_turn_log(
  p_key text,
  p_turn_id text,
  p_max_bytes bigint,
  p_first_seq integer default null,
  p_last_seq integer default null,
  p_events text default null,
  p_end_seq integer default null,
  p_end_event text default null,
  p_retention_ms double precision default null
)
returns text
language plpgsql volatile set search_path = ''
as $$
declare
  v_log iam.turn_logs;
  v_lost boolean := false;
begin
  select * into v_log from iam.turn_logs as l
  where l.key_hash = iam.turn_log_key(p_key) and l.turn_id = p_turn_id and l.kept_until > clock_timestamp()
  for update;
  if not found then
    return 'unknown';
  end if;
  if v_log.has_ended then
    return 'ok';
  end if;

  -- What was written before is not written again.
  if p_first_seq <= v_log.last_seq then
    p_events := array_to_string((string_to_array(p_events, E'\n'))[v_log.last_seq - p_first_seq + 2:], E'\n');
  end if;
  if p_last_seq > v_log.last_seq then
    v_log.is_full := v_log.is_full or v_log.bytes + octet_length(p_events) > p_max_bytes;
    v_lost := v_log.is_full;
    if not v_lost then
      insert into iam.turn_log_events (log_id, last_seq, events) values (v_log.log_id, p_last_seq, p_events);
      v_log.bytes := v_log.bytes + octet_length(p_events);
      v_log.last_seq := p_last_seq;
    end if;
  end if;

  if p_end_seq is not null then
    v_log.last_seq := greatest(p_end_seq, v_log.last_seq + 1);
    insert into iam.turn_log_events (log_id, last_seq, events) values (v_log.log_id, v_log.last_seq, p_end_event);
    v_log.has_ended := true;
    v_log.kept_until := clock_timestamp() + p_retention_ms * interval '1 millisecond';
  elsif v_log.kept_until < clock_timestamp() + interval '30 minutes' then
    v_log.kept_until := clock_timestamp() + interval '1 hour';
  end if;

  update iam.turn_logs as l set
    last_seq = v_log.last_seq, bytes = v_log.bytes, is_full = v_log.is_full, has_ended = v_log.has_ended, kept_until = v_log.kept_until
  where l.log_id = v_log.log_id;
  return case when v_lost then 'full' else 'ok' end;
end;
$$;
comment on function iam.write_turn_log is
  'Adds events to a turn, one a line, and its last event: then it is kept for p_retention_ms. Says full if there was no room for the events, unknown if there is no such turn.';

create or replace function iam.read_turn_log(p_key text, p_turn_id text, p_after integer)
returns jsonb
language sql volatile set search_path = ''
as $$
  select jsonb_build_object(
    'hasEnded', l.has_ended,
    'lastSeq', l.last_seq,
    'rows', coalesce((
      select jsonb_agg(jsonb_build_array(e.last_seq, e.events) order by e.last_seq) from iam.turn_log_events as e
      where e.log_id = l.log_id and e.last_seq > p_after
    ), '[]')
  )
  from iam.turn_logs as l
  where l.key_hash = iam.turn_log_key(p_key) and l.turn_id = p_turn_id and l.kept_until > clock_timestamp();
$$;
comment on function iam.read_turn_log is 'The rows with the events after a number, the first perhaps with some before it; null if there is no such turn.';

create or replace function iam.delete_turn_logs(p_key text)
returns integer
language plpgsql volatile set search_path = ''
as $$
declare
  v_deleted integer;
begin
  delete from iam.turn_logs as l where l.key_hash = iam.turn_log_key(p_key);
  get diagnostics v_deleted = row_count;
  return v_deleted;
end;
$$;
comment on function iam.delete_turn_logs is 'Forgets all turns of a tab key. Says how many.';

revoke all on iam.turn_logs, iam.turn_log_events from public;
do $$
declare
  verb text;
  browser text;
  server text;
begin
  foreach browser in array array['anon', 'authenticated'] loop
    if to_regrole(browser) is not null then
      execute format('revoke all on iam.turn_logs, iam.turn_log_events from %I', browser);
    end if;
  end loop;
  foreach server in array array['service_role', 'leftoff_server'] loop
    if to_regrole(server) is not null then
      execute format('grant select, insert, update, delete on iam.turn_logs, iam.turn_log_events to %I', server);
    end if;
  end loop;
  foreach verb in array array[
    'turn_log_key', 'purge_turn_logs', 'start_turn_log', 'write_turn_log', 'read_turn_log', 'delete_turn_logs'
  ] loop
    execute format('revoke all on function iam.%I from public', verb);
    -- By name too: default privileges of the app may have granted it.
    foreach browser in array array['anon', 'authenticated'] loop
      if to_regrole(browser) is not null then
        execute format('revoke all on function iam.%I from %I', verb, browser);
      end if;
    end loop;
    foreach server in array array['service_role', 'leftoff_server'] loop
      if to_regrole(server) is not null then
        execute format('grant execute on function iam.%I to %I', verb, server);
      end if;
    end loop;
  end loop;

  -- A job of this name is replaced, so running this again makes no second one.
  if to_regprocedure('cron.schedule(text, text, text)') is not null then
    execute $cron$
      select cron.schedule('leftoff: purge turn logs', '* * * * *', 'select iam.purge_turn_logs()')
    $cron$;
  else
    raise notice 'pg_cron is not enabled: each new turn purges two old turn logs. To purge them on time, schedule iam.purge_turn_logs() every minute.';
  end if;
end $$;
