-- `readChange` of the package, in SQL: what a change may be. Pure.

create or replace function app.is_whole(p_value jsonb, p_max bigint)
returns boolean
language sql immutable parallel safe set search_path = ''
as $$
  select case
    when jsonb_typeof(p_value) = 'number'
      then p_value::numeric between 0 and p_max and p_value::numeric = trunc(p_value::numeric)
    else false
  end;
$$;
comment on function app.is_whole is 'Whether the value is a whole number from 0 to the maximum.';

create or replace function app.is_id(p_value jsonb, p_max_bytes integer)
returns boolean
language sql immutable parallel safe set search_path = ''
as $$
  select case
    when jsonb_typeof(p_value) = 'string' then octet_length(p_value #>> '{}') between 1 and p_max_bytes
    else false
  end;
$$;
comment on function app.is_id is 'Whether the value is a text that is not empty and not too long in UTF-8.';

create or replace function app.is_ranked_text(p_value jsonb, p_max_length integer, p_max_rank bigint)
returns boolean
language sql immutable parallel safe set search_path = ''
as $$
  select case
    when jsonb_typeof(p_value) = 'object' and jsonb_typeof(p_value -> 'text') = 'string'
      then char_length(p_value ->> 'text') <= p_max_length and app.is_whole(p_value -> 'rank', p_max_rank)
    else false
  end;
$$;
comment on function app.is_ranked_text is 'Whether the value is a text of at most so many code points with its rank.';

create or replace function app.are_counts(p_value jsonb)
returns boolean
language sql immutable parallel safe set search_path = ''
as $$
  select case
    when jsonb_typeof(p_value) <> 'object' then false
    else (select count(*) <= 64 from jsonb_object_keys(p_value)) and not exists (
      select from jsonb_each(p_value) as c (scope, totals),
        -- All numbers in one place, and no function for each: a change may have hundreds.
        lateral (
          values
            (c.totals -> 'messages', true),
            (c.totals #> '{usage,input}', c.totals ? 'usage'),
            (c.totals #> '{usage,output}', c.totals ? 'usage'),
            (c.totals #> '{usage,cacheRead}', c.totals -> 'usage' ? 'cacheRead'),
            (c.totals #> '{usage,cacheWrite}', c.totals -> 'usage' ? 'cacheWrite')
        ) as number (value, is_there)
      where c.scope !~ '^[A-Za-z0-9_-]{8}$'
        or jsonb_typeof(c.totals) <> 'object'
        or jsonb_typeof(c.totals -> 'usage') <> 'object'
        or number.is_there and case
          when jsonb_typeof(number.value) = 'number' then
            number.value::numeric not between 0 and 9007199254740991 or number.value::numeric <> trunc(number.value::numeric)
          else true
        end
    )
  end;
$$;
comment on function app.are_counts is 'Whether the value is running totals of at most 64 scopes.';

create or replace function app.is_session_change(p_change jsonb, p_now bigint)
returns boolean
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  -- Ten years ahead is an error of a clock.
  v_max_rank constant bigint := least(8640000000000000, p_now + 316224000000);
  v_titles constant jsonb := p_change -> 'titles';
begin
  if jsonb_typeof(p_change) is distinct from 'object' then
    return false;
  end if;
  return (p_change -> 'userId' = '""' or app.is_id(p_change -> 'userId', 200))
    and app.is_id(p_change -> 'workspace', 253)
    and app.is_id(p_change -> 'conversationId', 200)
    and (not p_change ? 'begins' or app.is_whole(p_change -> 'begins', v_max_rank))
    and (not p_change ? 'activity' or (
      jsonb_typeof(p_change -> 'activity') = 'object'
      and app.is_whole(p_change #> '{activity,at}', 8640000000000000)
      and app.is_whole(p_change #> '{activity,rank}', v_max_rank)
    ))
    and (not p_change ? 'preview' or app.is_ranked_text(p_change -> 'preview', 120, v_max_rank))
    and (v_titles is null or (
      jsonb_typeof(v_titles) = 'object'
      and (not v_titles ? 'message' or app.is_ranked_text(v_titles -> 'message', 1000, v_max_rank))
      and (not v_titles ? 'app' or app.is_ranked_text(v_titles -> 'app', 1000, v_max_rank))
      and (not v_titles ? 'person' or app.is_ranked_text(v_titles -> 'person', 1000, v_max_rank))
    ))
    and (not p_change ? 'counts' or app.are_counts(p_change -> 'counts'));
end;
$$;
comment on function app.is_session_change is
  'Whether the change is one that can be stored, by the clock that is given. Its epoch is not looked at: accounts have none.';
