-- The verbs of AgentSessionStore on iam.sessions: each one call, atomic, by the database's clock.
--
-- Every verb gets the domain id that its caller has cached and the hostname it stands for. If they no longer belong
-- together the verb does nothing and says 'wrong-domain', so no turn runs under a domain that lost its hostname.
--
-- Argument types are those of the columns, as an older iam.sessions may have others. Postgres tells of each; not here.
set client_min_messages = warning;

create or replace function iam.find_domain(p_hostname text)
returns app.domains.domain_id%type
language sql stable set search_path = ''
as $$
  select d.domain_id from app.domains as d where d.hostname = p_hostname;
$$;
comment on function iam.find_domain is 'The domain id of a workspace; null if there is none.';

create or replace function iam.has_hostname(p_domain_id app.domains.domain_id%type, p_hostname text)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (select from app.domains as d where d.domain_id = p_domain_id and d.hostname = p_hostname);
$$;
comment on function iam.has_hostname is 'Whether a cached domain id still belongs to the hostname.';

create or replace function iam.is_free(p_lease_id uuid, p_lease_until timestamptz)
returns boolean
language sql volatile set search_path = ''
as $$
  select p_lease_id is null or p_lease_until <= clock_timestamp();
$$;
comment on function iam.is_free is 'Whether no turn holds a row with this lease.';

create or replace function iam.busy(
  p_user_id iam.sessions.user_id%type,
  p_domain_id iam.sessions.domain_id%type,
  p_tab_id iam.sessions.tab_id%type
)
returns jsonb
language sql volatile set search_path = ''
as $$
  select jsonb_build_object(
    'status', 'busy',
    -- At least one: the lease may have ended since.
    'retryAfterMs', coalesce(greatest(1, ceil(extract(epoch from max(s.lease_until) - clock_timestamp()) * 1000)), 1)
  )
  from iam.sessions as s
  where s.user_id = p_user_id and s.domain_id = p_domain_id and s.tab_id = p_tab_id;
$$;
comment on function iam.busy is 'What a verb answers while another turn holds the tab key: for how long at most.';

create or replace function iam.get_session(
  p_user_id iam.sessions.user_id%type,
  p_domain_id iam.sessions.domain_id%type,
  p_hostname text,
  p_tab_id iam.sessions.tab_id%type
)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  v_id iam.sessions.sdk_session_id%type;
begin
  if not iam.has_hostname(p_domain_id, p_hostname) then
    return '{"status": "wrong-domain"}';
  end if;
  select s.sdk_session_id into v_id from iam.sessions as s
  where s.user_id = p_user_id and s.domain_id = p_domain_id and s.tab_id = p_tab_id
    and s.expires_at > clock_timestamp();
  return jsonb_strip_nulls(jsonb_build_object('status', 'ok', 'agentSessionId', v_id));
end;
$$;
comment on function iam.get_session is 'The agent session id that is stored and has not expired.';

create or replace function iam.set_session(
  p_user_id iam.sessions.user_id%type,
  p_domain_id iam.sessions.domain_id%type,
  p_hostname text,
  p_tab_id iam.sessions.tab_id%type,
  p_agent_session_id iam.sessions.sdk_session_id%type,
  p_expiry_ms double precision
)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
begin
  if not iam.has_hostname(p_domain_id, p_hostname) then
    return '{"status": "wrong-domain"}';
  end if;
  insert into iam.sessions as s (user_id, domain_id, tab_id, sdk_session_id, last_activity, expires_at)
  values (
    p_user_id, p_domain_id, p_tab_id, p_agent_session_id, clock_timestamp(),
    clock_timestamp() + p_expiry_ms * interval '1 millisecond'
  )
  on conflict (user_id, domain_id, tab_id) do update set
    sdk_session_id = excluded.sdk_session_id,
    last_activity = excluded.last_activity,
    expires_at = excluded.expires_at,
    -- A turn whose lease ran out must not write over this id when it ends at last.
    lease_id = null,
    lease_until = null
  where iam.is_free(s.lease_id, s.lease_until);
  if not found then
    return iam.busy(p_user_id, p_domain_id, p_tab_id);
  end if;
  return '{"status": "ok"}';
end;
$$;
comment on function iam.set_session is 'Stores the id and slides its expiry, unless a turn holds the tab key.';

create or replace function iam.delete_session(
  p_user_id iam.sessions.user_id%type,
  p_domain_id iam.sessions.domain_id%type,
  p_hostname text,
  p_tab_id iam.sessions.tab_id%type,
  p_expected iam.sessions.sdk_session_id%type default null
)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
begin
  if not iam.has_hostname(p_domain_id, p_hostname) then
    return '{"status": "wrong-domain"}';
  end if;
  delete from iam.sessions as s
  where s.user_id = p_user_id and s.domain_id = p_domain_id and s.tab_id = p_tab_id
    and (p_expected is null or s.sdk_session_id = p_expected);
  return jsonb_build_object('status', case when found then 'ok' else 'refused' end);
end;
$$;
comment on function iam.delete_session is 'Forgets the tab key and ends any lease; with an expected id only if it is the stored one.';

create or replace function iam.begin_turn(
  p_user_id iam.sessions.user_id%type,
  p_domain_id iam.sessions.domain_id%type,
  p_hostname text,
  p_tab_id iam.sessions.tab_id%type,
  p_lease_id uuid,
  p_lease_ms double precision,
  p_expiry_ms double precision
)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
  v_id iam.sessions.sdk_session_id%type;
  v_expires_at timestamptz;
  v_is_expired boolean;
begin
  if not iam.has_hostname(p_domain_id, p_hostname) then
    return '{"status": "wrong-domain"}';
  end if;
  insert into iam.sessions as s (user_id, domain_id, tab_id, last_activity, expires_at, lease_id, lease_until)
  values (
    p_user_id, p_domain_id, p_tab_id, clock_timestamp(),
    clock_timestamp() + p_expiry_ms * interval '1 millisecond',
    p_lease_id,
    clock_timestamp() + p_lease_ms * interval '1 millisecond'
  )
  on conflict (user_id, domain_id, tab_id) do update set
    last_activity = excluded.last_activity,
    -- An id that ran out is not revived, so that a repeat hears of it too.
    expires_at = case
      when s.sdk_session_id is null or s.expires_at > clock_timestamp() then excluded.expires_at
      else s.expires_at
    end,
    lease_id = excluded.lease_id,
    lease_until = excluded.lease_until
  where s.lease_id = excluded.lease_id or iam.is_free(s.lease_id, s.lease_until)
  returning s.sdk_session_id, s.expires_at into v_id, v_expires_at;
  if not found then
    return iam.busy(p_user_id, p_domain_id, p_tab_id);
  end if;
  v_is_expired := v_id is not null and v_expires_at <= clock_timestamp();
  return jsonb_strip_nulls(jsonb_build_object(
    'status', 'ok',
    'agentSessionId', case when not v_is_expired then v_id end,
    'expired', v_is_expired
  ));
end;
$$;
comment on function iam.begin_turn is
  'Takes the lease and reads the id, unless another turn holds the tab key. Twice with one lease id is the same turn.';

create or replace function iam.renew_turn(
  p_user_id iam.sessions.user_id%type,
  p_domain_id iam.sessions.domain_id%type,
  p_hostname text,
  p_tab_id iam.sessions.tab_id%type,
  p_lease_id uuid,
  p_lease_ms double precision,
  p_expiry_ms double precision
)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
begin
  if not iam.has_hostname(p_domain_id, p_hostname) then
    return '{"status": "wrong-domain"}';
  end if;
  update iam.sessions as s set
    last_activity = clock_timestamp(),
    expires_at = case
      when s.sdk_session_id is null or s.expires_at > clock_timestamp()
        then clock_timestamp() + p_expiry_ms * interval '1 millisecond'
      else s.expires_at
    end,
    lease_until = clock_timestamp() + p_lease_ms * interval '1 millisecond'
  where s.user_id = p_user_id and s.domain_id = p_domain_id and s.tab_id = p_tab_id and s.lease_id = p_lease_id;
  return jsonb_build_object('status', case when found then 'ok' else 'refused' end);
end;
$$;
comment on function iam.renew_turn is 'Makes the lease last from now on, while the row still holds it, even if it has just run out.';

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
comment on function iam.clear_stale is 'Forgets the id if it is still the expected one and the row still holds the lease, which stays.';

create or replace function iam.end_turn(
  p_user_id iam.sessions.user_id%type,
  p_domain_id iam.sessions.domain_id%type,
  p_hostname text,
  p_tab_id iam.sessions.tab_id%type,
  p_lease_id uuid,
  p_expiry_ms double precision,
  p_agent_session_id iam.sessions.sdk_session_id%type default null
)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
begin
  if not iam.has_hostname(p_domain_id, p_hostname) then
    return '{"status": "wrong-domain"}';
  end if;
  update iam.sessions as s set
    sdk_session_id = coalesce(p_agent_session_id, s.sdk_session_id),
    last_activity = clock_timestamp(),
    expires_at = case
      when p_agent_session_id is not null or s.sdk_session_id is null or s.expires_at > clock_timestamp()
        then clock_timestamp() + p_expiry_ms * interval '1 millisecond'
      else s.expires_at
    end,
    lease_id = null,
    lease_until = null
  where s.user_id = p_user_id and s.domain_id = p_domain_id and s.tab_id = p_tab_id and s.lease_id = p_lease_id;
  return jsonb_build_object('status', case when found then 'ok' else 'refused' end);
end;
$$;
comment on function iam.end_turn is
  'Ends the lease and stores the id; without one the stored id stays. Only while the row still holds the lease.';

do $$
declare
  verb text;
  browser text;
begin
  foreach verb in array array[
    'find_domain', 'has_hostname', 'is_free', 'busy', 'get_session', 'set_session', 'delete_session', 'begin_turn',
    'renew_turn', 'clear_stale', 'end_turn'
  ] loop
    execute format('revoke all on function iam.%I from public', verb);
    -- By name too: default privileges of the app may have granted it.
    foreach browser in array array['anon', 'authenticated'] loop
      if to_regrole(browser) is not null then
        execute format('revoke all on function iam.%I from %I', verb, browser);
      end if;
    end loop;
    if to_regrole('service_role') is not null then
      execute format('grant execute on function iam.%I to service_role', verb);
    end if;
  end loop;
end $$;

reset client_min_messages;
