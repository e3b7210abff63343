-- The verbs of AgentSessionStore about turns: each one call, atomic, by the database's clock. Each checks the domain, as the verbs of agent
-- sessions do.
--
-- Argument types are those of the columns, as an older iam.sessions may have others. Postgres tells of each; not here.
set client_min_messages = warning;

create or replace function iam.begin_turn(
  p_user_id iam.sessions.user_id%type,
  p_domain_id iam.sessions.domain_id%type,
  p_hostname text,
  p_tab_id iam.sessions.tab_id%type,
  p_lease_id uuid,
  p_lease_ms double precision,
  p_expiry_ms double precision,
  p_turn_id text,
  p_message_hash text
)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
  v_entry constant text := iam.turn_entry(p_turn_id, p_message_hash);
  v_id iam.sessions.sdk_session_id%type;
  v_expires_at timestamptz;
  v_is_expired boolean;
  v_refusal jsonb;
begin
  if not iam.has_hostname(p_domain_id, p_hostname) then
    return '{"status": "wrong-domain"}';
  end if;
  -- Again if what stood in the way was gone before it could be told.
  for v_try in 1..10 loop
    insert into iam.sessions as s (user_id, domain_id, tab_id, last_activity, expires_at, lease_id, lease_until, turns)
    values (
      p_user_id, p_domain_id, p_tab_id, clock_timestamp(),
      clock_timestamp() + p_expiry_ms * interval '1 millisecond',
      p_lease_id,
      clock_timestamp() + p_lease_ms * interval '1 millisecond',
      array[v_entry]
    )
    on conflict (user_id, domain_id, tab_id) do update set
      last_activity = excluded.last_activity,
      -- An id that ran out is not revived, so that a repeat hears of it too.
      expires_at = case
        when s.sdk_session_id is null or iam.expiry_of(s.expires_at, s.last_activity) > clock_timestamp() then excluded.expires_at
        else iam.expiry_of(s.expires_at, s.last_activity)
      end,
      lease_id = excluded.lease_id,
      lease_until = excluded.lease_until,
      turns = case when s.lease_id = excluded.lease_id then s.turns else iam.with_turn(s.turns, v_entry) end
    where case
      when s.lease_id = excluded.lease_id then p_turn_id is null or split_part(s.turns[1], '.', 2) = p_turn_id
      else iam.is_free(s.lease_id, s.lease_until) and iam.turn_place(s.turns, p_turn_id) is null
    end
    returning s.sdk_session_id, s.expires_at into v_id, v_expires_at;
    if found then
      v_is_expired := v_id is not null and v_expires_at <= clock_timestamp();
      return jsonb_strip_nulls(jsonb_build_object(
        'status', 'ok',
        'agentSessionId', case when not v_is_expired then v_id end,
        'expired', v_is_expired
      ));
    end if;
    select iam.refusal(s.turns, s.lease_id, s.lease_until, p_turn_id) into v_refusal from iam.sessions as s
    where s.user_id = p_user_id and s.domain_id = p_domain_id and s.tab_id = p_tab_id;
    if v_refusal is not null then
      return v_refusal;
    end if;
  end loop;
  raise exception 'Too many turns began and ended here at once.' using errcode = 'serialization_failure';
end;
$$;

create or replace function iam.get_turn(
  p_user_id iam.sessions.user_id%type,
  p_domain_id iam.sessions.domain_id%type,
  p_hostname text,
  p_tab_id iam.sessions.tab_id%type,
  p_turn_id text default null
)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
  v_turn jsonb;
begin
  if not iam.has_hostname(p_domain_id, p_hostname) then
    return '{"status": "wrong-domain"}';
  end if;
  select iam.turn_state(
    s.turns, case when p_turn_id is null then 1 else iam.turn_place(s.turns, p_turn_id) end, s.lease_id, s.lease_until
  ) into v_turn
  from iam.sessions as s
  where s.user_id = p_user_id and s.domain_id = p_domain_id and s.tab_id = p_tab_id;
  return jsonb_strip_nulls(jsonb_build_object('status', 'ok', 'turn', v_turn));
end;
$$;
comment on function iam.get_turn is
  'A turn that the row still knows; the newest one if no id is given.';

create or replace function iam.request_stop(
  p_user_id iam.sessions.user_id%type,
  p_domain_id iam.sessions.domain_id%type,
  p_hostname text,
  p_tab_id iam.sessions.tab_id%type,
  p_turn_id text
)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
begin
  if not iam.has_hostname(p_domain_id, p_hostname) then
    return '{"status": "wrong-domain"}';
  end if;
  update iam.sessions as s set turns = array_prepend('s' || substr(s.turns[1], 2), s.turns[2:])
  where s.user_id = p_user_id and s.domain_id = p_domain_id and s.tab_id = p_tab_id
    and split_part(s.turns[1], '.', 2) = p_turn_id and left(s.turns[1], 1) in ('r', 's')
    and not iam.is_free(s.lease_id, s.lease_until);
  return jsonb_build_object('status', case when found then 'ok' else 'refused' end);
end;
$$;
comment on function iam.request_stop is
  'Marks a turn that runs as one to be stopped; its lease stays.';

create or replace function iam.renew_turn(
  p_user_id iam.sessions.user_id%type,
  p_domain_id iam.sessions.domain_id%type,
  p_hostname text,
  p_tab_id iam.sessions.tab_id%type,
  p_lease_id uuid,
  p_lease_ms double precision,
  p_expiry_ms double precision default null
)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
begin
  if not iam.has_hostname(p_domain_id, p_hostname) then
    return '{"status": "wrong-domain"}';
  end if;
  -- Only what no index holds, so that the new version of the row stays on its page. p_expiry_ms is sent by older servers.
  update iam.sessions as s set lease_until = clock_timestamp() + p_lease_ms * interval '1 millisecond'
  where s.user_id = p_user_id and s.domain_id = p_domain_id and s.tab_id = p_tab_id and s.lease_id = p_lease_id;
  return jsonb_build_object('status', case when found then 'ok' else 'refused' end);
end;
$$;
comment on function iam.renew_turn is
  'Makes the lease last from now on, while the row still holds it, even if it has just run out.';

create or replace function iam.clear_stale(
  p_user_id iam.sessions.user_id%type,
  p_domain_id iam.sessions.domain_id%type,
  p_hostname text,
  p_tab_id iam.sessions.tab_id%type,
  p_lease_id uuid,
  p_expected iam.sessions.sdk_session_id%type
)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
begin
  if not iam.has_hostname(p_domain_id, p_hostname) then
    return '{"status": "wrong-domain"}';
  end if;
  update iam.sessions as s set sdk_session_id = null
  where s.user_id = p_user_id and s.domain_id = p_domain_id and s.tab_id = p_tab_id and s.lease_id = p_lease_id
    and s.sdk_session_id = p_expected;
  return jsonb_build_object('status', case when found then 'ok' else 'refused' end);
end;
$$;
comment on function iam.clear_stale is
  'Forgets the id if it is still the expected one and the row still holds the lease, which stays.';

create or replace function iam.end_turn(
  p_user_id iam.sessions.user_id%type,
  p_domain_id iam.sessions.domain_id%type,
  p_hostname text,
  p_tab_id iam.sessions.tab_id%type,
  p_lease_id uuid,
  p_expiry_ms double precision,
  p_outcome text,
  p_agent_session_id iam.sessions.sdk_session_id%type default null
)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
  v_letter constant text := case p_outcome when 'done' then 'd' when 'stopped' then 'p' when 'failed' then 'f' end;
begin
  if not iam.has_hostname(p_domain_id, p_hostname) then
    return '{"status": "wrong-domain"}';
  end if;
  if v_letter is null and p_outcome is distinct from 'not-started' then
    raise exception 'A turn ends as done, stopped, failed or not-started.' using errcode = 'invalid_parameter_value';
  end if;
  update iam.sessions as s set
    sdk_session_id = coalesce(p_agent_session_id, s.sdk_session_id),
    last_activity = clock_timestamp(),
    expires_at = case
      when p_agent_session_id is not null or s.sdk_session_id is null
        or iam.expiry_of(s.expires_at, s.last_activity) > clock_timestamp()
        then clock_timestamp() + p_expiry_ms * interval '1 millisecond'
      else iam.expiry_of(s.expires_at, s.last_activity)
    end,
    turns = case
      when v_letter is null then s.turns[2:]
      when s.turns[1] is null then s.turns -- begun before turns were noted
      else array_prepend(v_letter || substr(s.turns[1], 2), s.turns[2:])
    end,
    lease_id = null,
    lease_until = null
  where s.user_id = p_user_id and s.domain_id = p_domain_id and s.tab_id = p_tab_id and s.lease_id = p_lease_id;
  return jsonb_build_object('status', case when found then 'ok' else 'refused' end);
end;
$$;

-- Servers of the version before call these without a turn. They keep their functions, which would not survive being dropped in mid-call; a
-- database that never had that version has none of them.
do $$
declare
  v_older record;
begin
  for v_older in
    select p.oid::regprocedure as name, p.proname, pg_get_function_arguments(p.oid) as arguments from pg_proc as p
    where p.pronamespace = 'iam'::regnamespace and (
      p.proname = 'begin_turn' and not 'p_turn_id' = any (p.proargnames)
      or p.proname = 'end_turn' and not 'p_outcome' = any (p.proargnames)
    )
  loop
    execute format(
      $function$
        create or replace function iam.%1$I(%2$s) returns jsonb language sql volatile set search_path = '' as $body$
          select iam.%1$I(%3$s)
        $body$
      $function$,
      v_older.proname,
      v_older.arguments,
      case v_older.proname
        when 'begin_turn' then
          'p_user_id, p_domain_id, p_hostname, p_tab_id, p_lease_id, p_lease_ms, p_expiry_ms, null::text, null::text'
        else 'p_user_id, p_domain_id, p_hostname, p_tab_id, p_lease_id, p_expiry_ms, ''done''::text, p_agent_session_id'
      end
    );
    execute format('comment on function %s is %L', v_older.name, 'For servers of the version before: a turn without an id.');
  end loop;
end $$;

do $$
declare
  verb record;
  browser text;
  server text;
begin
  for verb in
    select p.oid::regprocedure as name, p.proname, p.proargnames from pg_proc as p
    where p.pronamespace = 'iam'::regnamespace
      and p.proname in ('begin_turn', 'get_turn', 'request_stop', 'renew_turn', 'clear_stale', 'end_turn')
  loop
    if 'p_turn_id' = any (verb.proargnames) and verb.proname = 'begin_turn' then
      execute format('comment on function %s is %L', verb.name,
        'Takes the lease, notes the turn and reads the id, unless another turn holds the tab key or this one began before. Twice with one lease id is the same turn.');
    elsif 'p_outcome' = any (verb.proargnames) then
      execute format('comment on function %s is %L', verb.name,
        'Ends the lease, notes the outcome and stores the id; without one the stored id stays. Only while the row still holds the lease.');
    end if;
    execute format('revoke all on function %s from public', verb.name);
    -- By name too: default privileges of the app may have granted it.
    foreach browser in array array['anon', 'authenticated'] loop
      if to_regrole(browser) is not null then
        execute format('revoke all on function %s from %I', verb.name, browser);
      end if;
    end loop;
    foreach server in array array['service_role', 'leftoff_server'] loop
      if to_regrole(server) is not null then
        execute format('grant execute on function %s to %I', verb.name, server);
      end if;
    end loop;
  end loop;
end $$;

reset client_min_messages;
