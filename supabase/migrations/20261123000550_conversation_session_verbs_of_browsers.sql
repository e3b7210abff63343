-- The same verbs for browsers: they refuse a user who is not the token's.

create or replace function app.assert_is_signed_in(p_user_id text)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  if p_user_id is distinct from (auth.jwt() ->> 'sub') or coalesce(p_user_id, '') = '' then
    raise insufficient_privilege using message = 'These sessions belong to another user than the token.';
  end if;
end;
$$;
comment on function app.assert_is_signed_in is 'Refuses a user who is not the token''s.';

create or replace function app.list_conversation_sessions(
  p_user_id text,
  p_limit bigint,
  p_workspace text default null,
  p_after_rank bigint default null,
  p_after_id text default null
)
returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  perform app.assert_is_signed_in(p_user_id);
  return app.list_sessions_of_user(p_user_id, p_limit, p_workspace, p_after_rank, p_after_id);
end;
$$;
comment on function app.list_conversation_sessions is 'A page of the signed-in user''s sessions, as app.list_sessions_of_user gives it.';

create or replace function app.get_conversation_session(p_user_id text, p_conversation_id text)
returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  perform app.assert_is_signed_in(p_user_id);
  return app.get_session_of_user(p_user_id, p_conversation_id);
end;
$$;
comment on function app.get_conversation_session is 'A session of the signed-in user, as app.get_session_of_user gives it.';

create or replace function app.save_conversation_sessions(p_user_id text, p_changes jsonb)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
begin
  perform app.assert_is_signed_in(p_user_id);
  return app.save_sessions_of_user(p_user_id, p_changes);
end;
$$;
comment on function app.save_conversation_sessions is 'Applies changes of the signed-in user, as app.save_sessions_of_user does.';

create or replace function app.remove_conversation_sessions(p_user_id text, p_conversation_ids text[])
returns void
language plpgsql volatile set search_path = ''
as $$
begin
  perform app.assert_is_signed_in(p_user_id);
  perform app.remove_sessions_of_user(p_user_id, p_conversation_ids);
end;
$$;
comment on function app.remove_conversation_sessions is 'Removes sessions of the signed-in user, as app.remove_sessions_of_user does.';

create or replace function app.clear_conversation_sessions(p_user_id text, p_workspace text default null)
returns void
language plpgsql volatile set search_path = ''
as $$
begin
  perform app.assert_is_signed_in(p_user_id);
  perform app.clear_sessions_of_user(p_user_id, p_workspace);
end;
$$;
comment on function app.clear_conversation_sessions is 'Removes the signed-in user''s sessions, as app.clear_sessions_of_user does.';

do $$
declare
  -- Browsers need what their verbs call too: no function here has more rights than its caller.
  inner_functions constant text[] := array[
    'is_whole', 'is_id', 'is_ranked_text', 'are_counts', 'is_session_change', 'count_session_scopes',
    'apply_session_change', 'shown_session', 'list_sessions_of_user', 'get_session_of_user', 'save_sessions_of_user',
    'remove_sessions_of_user', 'clear_sessions_of_user'
  ];
  of_browsers constant text[] := array[
    'assert_is_signed_in', 'list_conversation_sessions', 'get_conversation_session', 'save_conversation_sessions',
    'remove_conversation_sessions', 'clear_conversation_sessions'
  ];
  name text;
  role text;
begin
  foreach name in array inner_functions || of_browsers loop
    execute format('revoke all on function app.%I from public', name);
    foreach role in array array['anon', 'authenticated', 'service_role', 'leftoff_server'] loop
      continue when to_regrole(role) is null;
      -- By name too: default privileges of the app may have granted it.
      execute format('revoke all on function app.%I from %I', name, role);
      if role = 'authenticated' or role <> 'anon' and name = any (inner_functions) then
        execute format('grant execute on function app.%I to %I', name, role);
      end if;
    end loop;
  end loop;
end $$;
