-- The verbs of SessionAdapter on app.conversation_sessions: each one call, atomic, as the user of the token.

create or replace function app.assert_is_signed_in(p_user_id text)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  if p_user_id is distinct from (auth.jwt() ->> 'sub') or p_user_id is null then
    raise insufficient_privilege using message = 'These sessions belong to another user than the token.';
  end if;
end;
$$;
comment on function app.assert_is_signed_in is 'Refuses a user who is not the token''s.';

create or replace function app.stored_conversation_session(p_row app.conversation_sessions)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'schemaVersion', p_row.schema_version,
    'saveId', p_row.save_id,
    'session', jsonb_strip_nulls(jsonb_build_object(
      'conversationId', p_row.conversation_id,
      'workspace', p_row.workspace,
      'userId', p_row.user_id,
      'tabId', p_row.tab_id,
      'startedAt', trim_scale(extract(epoch from p_row.started_at) * 1000),
      'lastActivity', trim_scale(extract(epoch from p_row.last_activity) * 1000),
      'messageCount', p_row.message_count,
      'lastMessagePreview', p_row.last_message_preview,
      'title', p_row.title,
      'tokenUsage', case when p_row.input_tokens is not null then jsonb_build_object(
        'input', p_row.input_tokens,
        'output', p_row.output_tokens,
        'cacheRead', p_row.cache_read_tokens,
        'cacheWrite', p_row.cache_write_tokens
      ) end,
      'revision', p_row.revision
    ))
  );
$$;
comment on function app.stored_conversation_session is 'A row in the form that browsers read and check.';

create or replace function app.list_conversation_sessions(
  p_user_id text,
  p_limit bigint,
  p_workspace text default null,
  p_order text default 'newest'
)
returns jsonb
-- A plan for any workspace and none could use no index for one.
language plpgsql stable set search_path = '' set plan_cache_mode = force_custom_plan
as $$
begin
  perform app.assert_is_signed_in(p_user_id);
  if p_order = 'oldest' then
    return coalesce(jsonb_agg(app.stored_conversation_session(s) order by s.last_activity, s.conversation_id), '[]')
    from (
      select s.* from app.conversation_sessions as s
      where s.user_id = p_user_id and s.removed_at is null and (p_workspace is null or s.workspace = p_workspace)
      order by s.last_activity, s.conversation_id
      limit p_limit
    ) as s;
  end if;
  return coalesce(jsonb_agg(app.stored_conversation_session(s) order by s.last_activity desc, s.conversation_id), '[]')
  from (
    select s.* from app.conversation_sessions as s
    where s.user_id = p_user_id and s.removed_at is null and (p_workspace is null or s.workspace = p_workspace)
    order by s.last_activity desc, s.conversation_id
    limit p_limit
  ) as s;
end;
$$;
comment on function app.list_conversation_sessions is
  'The user''s rows of one workspace or all, newest activity first unless `oldest` is asked for, ties by id.';

create or replace function app.get_conversation_session(p_user_id text, p_conversation_id text)
returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  perform app.assert_is_signed_in(p_user_id);
  return app.stored_conversation_session(s) from app.conversation_sessions as s
  where s.user_id = p_user_id and s.conversation_id = p_conversation_id and s.removed_at is null;
end;
$$;
comment on function app.get_conversation_session is 'The row, or null if there is none or it was removed.';

create or replace function app.save_conversation_sessions(p_changes jsonb, p_schema_version integer)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
  v_new record;
  v_stored app.conversation_sessions;
  v_refusal jsonb;
  v_refusals jsonb := '[]';
begin
  -- Refused as a whole and before anything is written; never saved under the right user instead.
  perform app.assert_is_signed_in(change #>> '{session,userId}') from jsonb_array_elements(p_changes) as change;

  for v_new in
    select
      c.position,
      c.change ->> 'saveId' as save_id,
      (c.change ->> 'base')::bigint as base,
      s."userId" as user_id,
      s."conversationId" as conversation_id,
      s.workspace,
      s."tabId" as tab_id,
      'epoch'::timestamptz + s."startedAt" * interval '1 millisecond' as started_at,
      least(
        'epoch'::timestamptz + s."lastActivity" * interval '1 millisecond',
        date_trunc('milliseconds', clock_timestamp())
      ) as last_activity,
      s."messageCount" as message_count,
      s."lastMessagePreview" as last_message_preview,
      s.title,
      (s."tokenUsage" ->> 'input')::double precision as input_tokens,
      (s."tokenUsage" ->> 'output')::double precision as output_tokens,
      (s."tokenUsage" ->> 'cacheRead')::double precision as cache_read_tokens,
      (s."tokenUsage" ->> 'cacheWrite')::double precision as cache_write_tokens
    from
      jsonb_array_elements(p_changes) with ordinality as c (change, position),
      -- Counts as a browser has them, which knows no integers; stored whole.
      jsonb_to_record(c.change -> 'session') as s (
        "userId" text, "conversationId" text, workspace text, "tabId" text, "startedAt" double precision,
        "lastActivity" double precision, "messageCount" double precision, "lastMessagePreview" text, title text,
        "tokenUsage" jsonb
      )
    -- In one order for all callers, so that no two of them wait for each other.
    order by s."conversationId" collate "C", c.position
  loop
    if v_new.base = 0 then
      insert into app.conversation_sessions (
        user_id, conversation_id, workspace, tab_id, started_at, last_activity, message_count, last_message_preview,
        title, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, revision, save_id, schema_version
      )
      values (
        v_new.user_id, v_new.conversation_id, v_new.workspace, v_new.tab_id, v_new.started_at, v_new.last_activity,
        v_new.message_count, v_new.last_message_preview, v_new.title, v_new.input_tokens, v_new.output_tokens,
        v_new.cache_read_tokens, v_new.cache_write_tokens, 1, v_new.save_id, p_schema_version
      )
      on conflict (user_id, conversation_id) do nothing;
      continue when found;
    end if;

    select s.* into v_stored from app.conversation_sessions as s
    where s.user_id = v_new.user_id and s.conversation_id = v_new.conversation_id
    for update;
    v_refusal := case
      when not found then '{"reason": "missing"}'
      when v_stored.removed_at is not null then '{"reason": "removed"}'
      when v_stored.schema_version > p_schema_version then '{"reason": "newer-version"}'
      -- A repeat: accepted, and nothing changes.
      when v_stored.save_id = v_new.save_id then null
      when v_stored.revision <> v_new.base then jsonb_build_object(
        'reason', 'changed', 'stored', app.stored_conversation_session(v_stored)
      )
    end;
    if v_refusal is not null then
      v_refusals := v_refusals || (v_refusal || jsonb_build_object(
        'conversationId', v_new.conversation_id, 'position', v_new.position
      ));
    elsif v_stored.save_id <> v_new.save_id then
      update app.conversation_sessions as s set
        workspace = v_new.workspace,
        tab_id = v_new.tab_id,
        started_at = v_new.started_at,
        last_activity = v_new.last_activity,
        message_count = v_new.message_count,
        last_message_preview = v_new.last_message_preview,
        title = v_new.title,
        input_tokens = v_new.input_tokens,
        output_tokens = v_new.output_tokens,
        cache_read_tokens = v_new.cache_read_tokens,
        cache_write_tokens = v_new.cache_write_tokens,
        revision = v_new.base + 1,
        save_id = v_new.save_id,
        schema_version = p_schema_version
      where s.user_id = v_new.user_id and s.conversation_id = v_new.conversation_id;
    end if;
  end loop;

  return coalesce(jsonb_agg(r - 'position' order by (r ->> 'position')::bigint), '[]')
  from jsonb_array_elements(v_refusals) as r;
end;
$$;
comment on function app.save_conversation_sessions is
  'Saves each row whose stored revision is the base the change was made from, and says of the others why not.';

create or replace function app.forget_old_tombstones(p_user_id text)
returns void
language sql volatile set search_path = ''
as $$
  delete from app.conversation_sessions as s
  where s.ctid = any (array(
    select t.ctid from app.conversation_sessions as t
    where t.user_id = p_user_id and t.removed_at < clock_timestamp() - interval '30 days'
    -- One that a late writer looks at right now goes another time.
    for update skip locked
  ));
$$;
comment on function app.forget_old_tombstones is 'Deletes what is left of rows that the user removed more than 30 days ago.';

create or replace function app.remove_conversation_sessions(p_user_id text, p_conversation_ids text[])
returns void
language plpgsql volatile set search_path = ''
as $$
begin
  perform app.assert_is_signed_in(p_user_id);
  insert into app.conversation_sessions as s (user_id, conversation_id, removed_at)
  select p_user_id, r.id, clock_timestamp() from (select distinct unnest(p_conversation_ids) as id) as r
  order by r.id collate "C"
  on conflict (user_id, conversation_id) do update set
    workspace = null, tab_id = null, started_at = null, last_activity = null, message_count = null,
    last_message_preview = null, title = null, input_tokens = null, output_tokens = null, cache_read_tokens = null,
    cache_write_tokens = null, revision = null, save_id = null, schema_version = null, removed_at = excluded.removed_at;
  perform app.forget_old_tombstones(p_user_id);
end;
$$;
comment on function app.remove_conversation_sessions is 'Leaves a tombstone in place of each row, and where there was none.';

create or replace function app.clear_conversation_sessions(p_user_id text, p_workspace text default null)
returns void
language plpgsql volatile set search_path = ''
as $$
begin
  perform app.assert_is_signed_in(p_user_id);
  perform app.remove_conversation_sessions(p_user_id, array(
    select s.conversation_id from app.conversation_sessions as s
    where s.user_id = p_user_id and s.removed_at is null and (p_workspace is null or s.workspace = p_workspace)
  ));
end;
$$;
comment on function app.clear_conversation_sessions is
  'Leaves a tombstone in place of each of the user''s rows, of one workspace or of all.';

do $$
declare
  verb text;
begin
  foreach verb in array array[
    'assert_is_signed_in', 'stored_conversation_session', 'list_conversation_sessions', 'get_conversation_session',
    'save_conversation_sessions', 'forget_old_tombstones', 'remove_conversation_sessions', 'clear_conversation_sessions'
  ] loop
    execute format('revoke all on function app.%I from public', verb);
    -- By name too: default privileges of the app may have granted it.
    if to_regrole('anon') is not null then
      execute format('revoke all on function app.%I from anon', verb);
    end if;
    if to_regrole('authenticated') is not null then
      execute format('grant execute on function app.%I to authenticated', verb);
    end if;
  end loop;
end $$;
