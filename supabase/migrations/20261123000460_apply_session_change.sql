-- `applyChange` of the package, in SQL: the row after a change. Pure.

create or replace function app.count_session_scopes(p_row app.conversation_sessions, p_counts jsonb)
returns app.conversation_sessions
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  v_row app.conversation_sessions := p_row;
  v_new record;
begin
  with known as (
    select
      s.scope ->> 0 as scope, s.place, (s.scope -> 1)::bigint as messages, s.scope -> 2 is not null as has_usage,
      (s.scope #> '{2,input}')::bigint as input, (s.scope #> '{2,output}')::bigint as output,
      (s.scope #> '{2,cacheRead}')::bigint as cache_read, (s.scope #> '{2,cacheWrite}')::bigint as cache_write
    from jsonb_array_elements(p_row.scopes) with ordinality as s (scope, place)
  ),
  arrived as (
    select
      a.scope, (a.totals -> 'messages')::bigint as messages, a.totals ? 'usage' as has_usage,
      (a.totals #> '{usage,input}')::bigint as input, (a.totals #> '{usage,output}')::bigint as output,
      (a.totals #> '{usage,cacheRead}')::bigint as cache_read, (a.totals #> '{usage,cacheWrite}')::bigint as cache_write
    from jsonb_each(p_counts) as a (scope, totals)
  ),
  joined as (
    select
      scope collate "C" as scope, k.place, a.scope is not null as has_arrived,
      -- What a total exceeds the known one is added.
      case when a.messages is not null then greatest(0, a.messages - coalesce(k.messages, 0)) end as more_messages,
      case when a.input is not null then greatest(0, a.input - coalesce(k.input, 0)) end as more_input,
      case when a.output is not null then greatest(0, a.output - coalesce(k.output, 0)) end as more_output,
      case when a.cache_read is not null then greatest(0, a.cache_read - coalesce(k.cache_read, 0)) end as more_cache_read,
      case when a.cache_write is not null then greatest(0, a.cache_write - coalesce(k.cache_write, 0)) end as more_cache_write,
      greatest(k.messages, a.messages) as messages,
      coalesce(k.has_usage, false) or coalesce(a.has_usage, false) as has_usage,
      greatest(k.input, a.input) as input, greatest(k.output, a.output) as output,
      greatest(k.cache_read, a.cache_read) as cache_read, greatest(k.cache_write, a.cache_write) as cache_write
    from known as k full join arrived as a using (scope)
  ),
  -- Those that arrived move to the end, in one order; those at the front are forgotten first.
  placed as (
    select j.*, row_number() over (
      order by j.has_arrived desc, case when j.has_arrived then j.scope end desc, j.place desc
    ) as place_from_end
    from joined as j
  )
  select
    -- Null if no scope that arrived said so.
    sum(p.more_messages) as messages,
    sum(p.more_input) as input,
    sum(p.more_output) as output,
    sum(p.more_cache_read) as cache_read,
    sum(p.more_cache_write) as cache_write,
    jsonb_agg(
      case when p.has_usage
        then jsonb_build_array(p.scope, p.messages, jsonb_strip_nulls(jsonb_build_object(
          'input', p.input, 'output', p.output, 'cacheRead', p.cache_read, 'cacheWrite', p.cache_write
        )))
        else jsonb_build_array(p.scope, p.messages)
      end
      order by p.place_from_end desc
    ) filter (where p.place_from_end <= 64) as scopes
  into v_new
  from placed as p;

  v_row.messages := least(v_row.messages + coalesce(v_new.messages, 0), 9007199254740991);
  if v_new.input is not null then
    v_row.input_tokens := least(coalesce(v_row.input_tokens, 0) + v_new.input, 9007199254740991);
    v_row.output_tokens := least(coalesce(v_row.output_tokens, 0) + v_new.output, 9007199254740991);
  end if;
  if v_new.cache_read is not null then
    v_row.cache_read_tokens := least(coalesce(v_row.cache_read_tokens, 0) + v_new.cache_read, 9007199254740991);
  end if;
  if v_new.cache_write is not null then
    v_row.cache_write_tokens := least(coalesce(v_row.cache_write_tokens, 0) + v_new.cache_write, 9007199254740991);
  end if;
  v_row.scopes := coalesce(v_new.scopes, '[]');
  return v_row;
end;
$$;
comment on function app.count_session_scopes is 'The row with these running totals: what they exceed the known ones is added, once however often they arrive.';

create or replace function app.apply_session_change(p_row app.conversation_sessions, p_change jsonb, p_now bigint)
returns app.conversation_sessions
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  v_row app.conversation_sessions := p_row;
  v_begins constant bigint := (p_change -> 'begins')::bigint;
  v_at constant bigint := (p_change #> '{activity,at}')::bigint;
  v_rank constant bigint := (p_change #> '{activity,rank}')::bigint;
  v_text text collate "C";
  v_text_rank bigint;
begin
  if v_row.user_id is null then
    if v_begins is null then
      return null;
    end if;
    v_row.schema_version := 1;
    v_row.user_id := p_change ->> 'userId';
    v_row.conversation_id := p_change ->> 'conversationId';
    v_row.workspace := p_change ->> 'workspace';
    v_row.started_at := v_begins;
    v_row.activity_at := least(v_begins, p_now);
    v_row.rank := v_begins;
    v_row.messages := 0;
    v_row.scopes := '[]';
  end if;

  v_row.started_at := least(v_row.started_at, v_begins);
  -- By rank, then by time; no activity is later than this clock.
  if (v_rank, least(v_at, p_now)) > (v_row.rank, v_row.activity_at) then
    v_row.rank := v_rank;
    v_row.activity_at := least(v_at, p_now);
  end if;
  if (v_begins, least(v_begins, p_now)) > (v_row.rank, v_row.activity_at) then
    v_row.rank := v_begins;
    v_row.activity_at := least(v_begins, p_now);
  end if;

  -- Of each text the latest; of two with one rank the greater by code point.
  v_text := p_change #>> '{preview,text}';
  v_text_rank := (p_change #> '{preview,rank}')::bigint;
  if v_text is not null and (v_row.preview is null or (v_text_rank, v_text) > (v_row.preview_rank, v_row.preview)) then
    v_row.preview := v_text;
    v_row.preview_rank := v_text_rank;
  end if;
  v_text := p_change #>> '{titles,app,text}';
  v_text_rank := (p_change #> '{titles,app,rank}')::bigint;
  if v_text is not null and (v_row.app_title is null or (v_text_rank, v_text) > (v_row.app_title_rank, v_row.app_title)) then
    v_row.app_title := v_text;
    v_row.app_title_rank := v_text_rank;
  end if;
  v_text := p_change #>> '{titles,person,text}';
  v_text_rank := (p_change #> '{titles,person,rank}')::bigint;
  if v_text is not null
    and (v_row.person_title is null or (v_text_rank, v_text) > (v_row.person_title_rank, v_row.person_title))
  then
    v_row.person_title := v_text;
    v_row.person_title_rank := v_text_rank;
  end if;
  -- But the earliest of those that messages gave.
  v_text := p_change #>> '{titles,message,text}';
  v_text_rank := (p_change #> '{titles,message,rank}')::bigint;
  if v_text is not null
    and (v_row.message_title is null or (v_text_rank, v_text) < (v_row.message_title_rank, v_row.message_title))
  then
    v_row.message_title := v_text;
    v_row.message_title_rank := v_text_rank;
  end if;

  if p_change ? 'counts' then
    v_row := app.count_session_scopes(v_row, p_change -> 'counts');
  end if;
  return v_row;
end;
$$;
comment on function app.apply_session_change is
  'The row after the change, as `applyChange` of the package has it; null if there is no row and the change may not begin one.';
