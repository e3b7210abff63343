-- The verbs of SessionAdapter on app.conversation_sessions: one call each, atomic.
--
-- They take the user's id from a server that has authenticated the user, and run with the rights of their caller: a browser
-- that calls one with another user's id meets the policies of the table.

create or replace function app.shown_session(p_row app.conversation_sessions)
returns jsonb
language sql immutable parallel safe set search_path = ''
as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'conversationId', p_row.conversation_id,
    'workspace', p_row.workspace,
    'userId', p_row.user_id,
    'startedAt', p_row.started_at,
    'lastActivity', p_row.activity_at,
    'messageCount', p_row.messages,
    'lastMessagePreview', nullif(p_row.preview, ''),
    'tokenUsage', case when p_row.input_tokens is not null then jsonb_build_object(
      'input', p_row.input_tokens,
      'output', p_row.output_tokens,
      'cacheRead', p_row.cache_read_tokens,
      'cacheWrite', p_row.cache_write_tokens
    ) end,
    'title', coalesce(nullif(p_row.person_title, ''), nullif(p_row.app_title, ''), nullif(p_row.message_title, '')),
    'rank', p_row.rank
  ));
$$;
comment on function app.shown_session is 'What an app sees of a row.';

create or replace function app.list_sessions_of_user(
  p_user_id text,
  p_limit bigint,
  p_workspace text default null,
  p_after_rank bigint default null,
  p_after_id text default null
)
returns jsonb
-- A plan for any workspace and none could not use an index for one.
language plpgsql stable set search_path = '' set plan_cache_mode = force_custom_plan
as $$
begin
  return (
    with page as (
      select s as line, s.rank, s.conversation_id from app.conversation_sessions as s
      where s.user_id = p_user_id and s.removed_at is null and s.schema_version = 1
        and (p_workspace is null or s.workspace = p_workspace)
        and (p_after_rank is null or s.rank <= p_after_rank)
        and (p_after_rank is null or s.rank < p_after_rank or s.conversation_id > p_after_id)
      order by s.rank desc, s.conversation_id
      -- One more, to know whether there is a next page.
      limit p_limit + 1
    ),
    newer as (
      select s.conversation_id from app.conversation_sessions as s
      where s.user_id = p_user_id and s.schema_version > 1 and (p_workspace is null or s.workspace = p_workspace)
      order by s.conversation_id
      limit 100
    ),
    shown as (select p.* from page as p order by p.rank desc, p.conversation_id limit p_limit)
    select jsonb_build_object(
      'sessions', coalesce((
        select jsonb_agg(app.shown_session(p.line) order by p.rank desc, p.conversation_id) from shown as p
      ), '[]'),
      'next', case when (select count(*) from page) > p_limit then (
        select jsonb_build_object('rank', p.rank, 'conversationId', p.conversation_id)
        from shown as p order by p.rank, p.conversation_id desc limit 1
      ) end,
      'newer', coalesce((select jsonb_agg(n.conversation_id) from newer as n), '[]')
    )
  );
end;
$$;
comment on function app.list_sessions_of_user is
  'A page of the user''s sessions, of one workspace or of all, greatest rank first, ties by id, after a rank and id; and up to 100 ids of rows that a later leftoff wrote.';

create or replace function app.get_session_of_user(p_user_id text, p_conversation_id text)
returns jsonb
language sql stable set search_path = ''
as $$
  select case
    when s.removed_at is not null then '{"state": "removed"}'
    when s.schema_version > 1 then '{"state": "newer-version"}'
    else jsonb_build_object('state', 'found', 'session', app.shown_session(s))
  end
  from app.conversation_sessions as s
  where s.user_id = p_user_id and s.conversation_id = p_conversation_id;
$$;
comment on function app.get_session_of_user is 'The session, or that it was removed or is of a later leftoff; null if there is none.';

create or replace function app.save_sessions_of_user(p_user_id text, p_changes jsonb)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
  v_now bigint;
  v_item record;
  v_stored app.conversation_sessions;
  v_next app.conversation_sessions;
  v_reason text;
  v_refusals jsonb[] := '{}';
begin
  if jsonb_typeof(p_changes) is distinct from 'array' or jsonb_array_length(p_changes) > 100 then
    raise program_limit_exceeded using message = 'The changes must be an array of at most 100.';
  end if;
  -- Refused as a whole and before anything is written; never saved for the right user instead.
  if exists (
    select from jsonb_array_elements(p_changes) as c (change)
    where jsonb_typeof(c.change -> 'userId') = 'string' and c.change ->> 'userId' <> p_user_id
  ) then
    raise insufficient_privilege using message = 'A change names another user.';
  end if;

  for v_item in
    select c.change, c.place, coalesce(c.change ->> 'conversationId', '') as conversation_id
    from jsonb_array_elements(p_changes) with ordinality as c (change, place)
    -- In one order for all callers, so that no two of them wait for each other.
    order by coalesce(c.change ->> 'conversationId', '') collate "C", c.place
  loop
    v_reason := null;
    v_now := floor(extract(epoch from clock_timestamp()) * 1000);
    if not app.is_session_change(v_item.change, v_now) then
      v_reason := 'invalid';
    else
      -- Once more if another call inserts the row between the look and the insert.
      loop
        select s.* into v_stored from app.conversation_sessions as s
        where s.user_id = p_user_id and s.conversation_id = v_item.conversation_id
        for update;
        v_reason := case
          when v_stored.removed_at is not null then 'removed'
          when v_stored.schema_version > 1 then 'newer-version'
        end;
        exit when v_reason is not null;
        v_next := app.apply_session_change(v_stored, v_item.change, v_now);
        if v_next.user_id is null then
          v_reason := 'unknown';
          exit;
        end if;
        if v_stored.user_id is null then
          v_next.saved_at := clock_timestamp();
          insert into app.conversation_sessions select v_next.* on conflict (user_id, conversation_id) do nothing;
          exit when found;
        else
          -- A repeat changes nothing and writes nothing.
          exit when v_next is not distinct from v_stored;
          update app.conversation_sessions as s set
            started_at = v_next.started_at, activity_at = v_next.activity_at, rank = v_next.rank,
            messages = v_next.messages, input_tokens = v_next.input_tokens, output_tokens = v_next.output_tokens,
            cache_read_tokens = v_next.cache_read_tokens, cache_write_tokens = v_next.cache_write_tokens,
            scopes = v_next.scopes,
            preview = v_next.preview, preview_rank = v_next.preview_rank,
            message_title = v_next.message_title, message_title_rank = v_next.message_title_rank,
            app_title = v_next.app_title, app_title_rank = v_next.app_title_rank,
            person_title = v_next.person_title, person_title_rank = v_next.person_title_rank,
            saved_at = clock_timestamp()
          where s.user_id = p_user_id and s.conversation_id = v_item.conversation_id;
          exit;
        end if;
      end loop;
    end if;
    if v_reason is not null then
      v_refusals := v_refusals || jsonb_build_object(
        'conversationId', v_item.conversation_id, 'reason', v_reason, 'place', v_item.place
      );
    end if;
  end loop;

  return coalesce(jsonb_agg(r.refusal - 'place' order by (r.refusal -> 'place')::bigint), '[]')
  from unnest(v_refusals) as r (refusal);
end;
$$;
comment on function app.save_sessions_of_user is
  'Applies up to 100 changes, each to its row, and says which were refused and why: removed, unknown, newer-version or invalid.';

create or replace function app.remove_sessions_of_user(p_user_id text, p_conversation_ids text[])
returns void
language sql volatile set search_path = ''
as $$
  insert into app.conversation_sessions as s (user_id, conversation_id, removed_at)
  select p_user_id, r.id, clock_timestamp() from (select distinct unnest(p_conversation_ids) collate "C" as id) as r
  order by r.id
  on conflict (user_id, conversation_id) do update set
    workspace = null, started_at = null, activity_at = null, rank = null, messages = null, input_tokens = null,
    output_tokens = null, cache_read_tokens = null, cache_write_tokens = null, scopes = null, preview = null,
    preview_rank = null, message_title = null, message_title_rank = null, app_title = null, app_title_rank = null,
    person_title = null, person_title_rank = null, schema_version = null, saved_at = null,
    removed_at = excluded.removed_at;
$$;
comment on function app.remove_sessions_of_user is 'Leaves a tombstone in place of each row, and where there was none.';

create or replace function app.clear_sessions_of_user(p_user_id text, p_workspace text default null)
returns void
language plpgsql volatile set search_path = ''
as $$
begin
  perform app.remove_sessions_of_user(p_user_id, array(
    select s.conversation_id from app.conversation_sessions as s
    where s.user_id = p_user_id and s.removed_at is null and (p_workspace is null or s.workspace = p_workspace)
  ));
end;
$$;
comment on function app.clear_sessions_of_user is 'Leaves a tombstone in place of each of the user''s rows, of one workspace or of all.';
