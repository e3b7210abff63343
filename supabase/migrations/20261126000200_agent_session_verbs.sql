-- The verbs of AgentSessionStore about the agent session of a tab key: each one call, atomic, by the database's clock.
--
-- Every verb gets the domain id that its caller has cached and the hostname it stands for. If they no longer belong
-- together the verb does nothing and says 'wrong-domain', so no turn runs under a domain that lost its hostname.
--
-- Argument types are those of the columns, as an older iam.sessions may have others. Postgres tells of each; not here.
set client_min_messages = warning;

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
    and iam.expiry_of(s.expires_at, s.last_activity) > clock_timestamp();
  return jsonb_strip_nulls(jsonb_build_object('status', 'ok', 'agentSessionId', v_id));
end;
$$;
comment on function iam.get_session is
  'The agent session id that is stored and has not expired.';

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
declare
  v_until timestamptz;
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
    select s.lease_until into v_until from iam.sessions as s
    where s.user_id = p_user_id and s.domain_id = p_domain_id and s.tab_id = p_tab_id;
    return jsonb_build_object('status', 'busy', 'retryAfterMs', iam.ms_left(v_until));
  end if;
  return '{"status": "ok"}';
end;
$$;
comment on function iam.set_session is
  'Stores the id and slides its expiry, unless a turn holds the tab key.';

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
comment on function iam.delete_session is
  'Forgets the tab key with its turns and ends any lease; with an expected id only if it is the stored one.';

do $$
declare
  verb text;
  browser text;
  server text;
begin
  foreach verb in array array[
    'get_session', 'set_session', 'delete_session'
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
end $$;

reset client_min_messages;
