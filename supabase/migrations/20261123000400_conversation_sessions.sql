-- The sessions of signed-in users: which conversations they have, on all their devices. Messages are not stored here.
--
-- Browsers reach this table with their user's token: each user sees and writes their own rows only. An app's own server
-- reaches it as a member of the role leftoff_server, which names the user in each call.

do $$
begin
  if to_regrole('leftoff_server') is null then
    create role leftoff_server nologin;
  end if;
exception
  when duplicate_object or unique_violation then null; -- Another database of this server made it just now.
  when insufficient_privilege then
    raise notice 'This user may not create roles: create leftoff_server yourself if your server is to call these functions, and run this again.';
end $$;

create table if not exists app.conversation_sessions (
  user_id text collate "C" not null,
  -- By code point, so that ties in a list come in the same order as in a browser.
  conversation_id text collate "C" not null,
  workspace text collate "C",
  started_at bigint,
  activity_at bigint,
  rank bigint,
  messages bigint,
  input_tokens bigint,
  output_tokens bigint,
  cache_read_tokens bigint,
  cache_write_tokens bigint,
  scopes jsonb,
  preview text collate "C",
  preview_rank bigint,
  message_title text collate "C",
  message_title_rank bigint,
  app_title text collate "C",
  app_title_rank bigint,
  person_title text collate "C",
  person_title_rank bigint,
  schema_version integer,
  saved_at timestamptz,
  removed_at timestamptz,
  constraint conversation_sessions_pkey primary key (user_id, conversation_id),
  constraint conversation_sessions_is_row_or_tombstone check (
    case when removed_at is null
      then num_nulls(workspace, started_at, activity_at, rank, messages, scopes, schema_version, saved_at) = 0
      else num_nonnulls(
        workspace, started_at, activity_at, rank, messages, input_tokens, output_tokens, cache_read_tokens,
        cache_write_tokens, scopes, preview, preview_rank, message_title, message_title_rank, app_title, app_title_rank,
        person_title, person_title_rank, schema_version, saved_at
      ) = 0
    end
  ),
  constraint conversation_sessions_texts_have_bounds check (
    octet_length(user_id) <= 200
    and octet_length(conversation_id) between 1 and 200
    and octet_length(workspace) between 1 and 253
    and char_length(preview) <= 120
    and char_length(message_title) <= 1000
    and char_length(app_title) <= 1000
    and char_length(person_title) <= 1000
  ),
  constraint conversation_sessions_texts_have_ranks check (
    num_nulls(preview, preview_rank) in (0, 2)
    and num_nulls(message_title, message_title_rank) in (0, 2)
    and num_nulls(app_title, app_title_rank) in (0, 2)
    and num_nulls(person_title, person_title_rank) in (0, 2)
  ),
  constraint conversation_sessions_times_are_times check (
    least(started_at, activity_at, rank, preview_rank, message_title_rank, app_title_rank, person_title_rank) >= 0
    and greatest(started_at, activity_at, rank, preview_rank, message_title_rank, app_title_rank, person_title_rank)
      <= 8640000000000000
  ),
  constraint conversation_sessions_counts_are_counts check (
    least(messages, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens) >= 0
    and greatest(messages, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens) <= 9007199254740991
    and num_nulls(input_tokens, output_tokens) in (0, 2)
    and (input_tokens is not null or num_nonnulls(cache_read_tokens, cache_write_tokens) = 0)
    and schema_version >= 1
  ),
  constraint conversation_sessions_scopes_are_scopes check (
    schema_version > 1
    or jsonb_typeof(scopes) = 'array'
    and jsonb_array_length(scopes) <= 64
    -- Types come first: to compare values of two types is neither true nor false.
    and not scopes @? 'strict $[*] ? (!(
      @.type() == "array" && (@.size() == 2 || @.size() == 3 && @[2].type() == "object")
      && @[0].type() == "string" && @[0] like_regex "^[A-Za-z0-9_-]{8}$"
      && @[1].type() == "number" && @[1] >= 0 && @[1] <= 9007199254740991 && @[1] == @[1].floor()
    ))'
    and not scopes @? '$[*][2] ? (!(exists (@.input) && exists (@.output)))'
    and not scopes @? 'strict $[*] ? (@.size() == 3)[2].* ? (!(
      @.type() == "number" && @ >= 0 && @ <= 9007199254740991 && @ == @.floor()
    ))'
  )
);

-- Rows of a later leftoff are left out, so that a list never has to read past them.
create index if not exists conversation_sessions_newest on app.conversation_sessions
  (user_id, rank desc, conversation_id) where removed_at is null and schema_version = 1;
comment on index app.conversation_sessions_newest is 'For the history of all workspaces.';
create index if not exists conversation_sessions_newest_of_workspace on app.conversation_sessions
  (user_id, workspace, rank desc, conversation_id) where removed_at is null and schema_version = 1;
comment on index app.conversation_sessions_newest_of_workspace is 'For the history of one workspace.';
create index if not exists conversation_sessions_of_later_versions on app.conversation_sessions
  (user_id, conversation_id) where schema_version > 1;
comment on index app.conversation_sessions_of_later_versions is 'For lists to report the rows that they leave out. Usually empty.';
create index if not exists conversation_sessions_oldest on app.conversation_sessions
  (saved_at) where removed_at is null;
comment on index app.conversation_sessions_oldest is 'For the purge: oldest first.';
create index if not exists conversation_sessions_tombstones on app.conversation_sessions
  (removed_at) where removed_at is not null;
comment on index app.conversation_sessions_tombstones is 'For the purge: oldest first.';

comment on table app.conversation_sessions is
  'What is known about each conversation of a user, or its tombstone: a row with nothing but its key and removed_at.';
comment on column app.conversation_sessions.user_id is 'The user: `sub` of the token.';
comment on column app.conversation_sessions.conversation_id is 'Made by the browser; unique within the user.';
comment on column app.conversation_sessions.workspace is 'What isolates conversations from each other, such as demo.alive.best.';
comment on column app.conversation_sessions.started_at is 'In ms since the epoch, by the browser''s clock.';
comment on column app.conversation_sessions.activity_at is 'In ms since the epoch, by the browser''s clock but never later than the database''s.';
comment on column app.conversation_sessions.rank is 'The order in lists: when the latest activity was recorded, adjusted so that later ones are always greater.';
comment on column app.conversation_sessions.messages is 'Messages of both sides.';
comment on column app.conversation_sessions.input_tokens is 'Running total, as are the next three.';
comment on column app.conversation_sessions.output_tokens is 'Running total.';
comment on column app.conversation_sessions.cache_read_tokens is 'Running total. Null if no answer ever said.';
comment on column app.conversation_sessions.cache_write_tokens is 'Running total. Null if no answer ever said.';
comment on column app.conversation_sessions.scopes is
  'The last 64 scopes that arrived with the totals known of each, as [scope, messages, usage], the latest at the end. A repeat is recognized by them.';
comment on column app.conversation_sessions.preview is 'Of the last message, at most 120 characters. Null if the app keeps content out of storage.';
comment on column app.conversation_sessions.preview_rank is 'When it was recorded: the greatest rank wins.';
comment on column app.conversation_sessions.message_title is 'From the first message. Null if the app keeps content out of storage, as the other titles are.';
comment on column app.conversation_sessions.message_title_rank is 'When it was recorded: the least rank wins.';
comment on column app.conversation_sessions.app_title is 'Given by the app; shown instead of the first message.';
comment on column app.conversation_sessions.app_title_rank is 'When it was given: the greatest rank wins.';
comment on column app.conversation_sessions.person_title is 'Given by the user; shown instead of all others unless empty.';
comment on column app.conversation_sessions.person_title_rank is 'When it was given: the greatest rank wins.';
comment on column app.conversation_sessions.schema_version is 'Of the code that saved the row. Older code leaves a newer row alone.';
comment on column app.conversation_sessions.saved_at is
  'When a change was last applied, by the database''s clock, so that no browser''s clock decides when the row is purged.';
comment on column app.conversation_sessions.removed_at is 'Set in a tombstone, which keeps a late writer from bringing the row back.';
comment on constraint conversation_sessions_is_row_or_tombstone on app.conversation_sessions is
  'A row has all it needs, a tombstone nothing but its key and its time.';
comment on constraint conversation_sessions_texts_have_bounds on app.conversation_sessions is 'The bounds that browsers check too.';
comment on constraint conversation_sessions_texts_have_ranks on app.conversation_sessions is 'No text without its rank.';
comment on constraint conversation_sessions_times_are_times on app.conversation_sessions is 'Up to the last time that a JavaScript Date can hold.';
comment on constraint conversation_sessions_counts_are_counts on app.conversation_sessions is
  'Up to the last whole number that JavaScript knows; usage has input and output or is missing.';
comment on constraint conversation_sessions_scopes_are_scopes on app.conversation_sessions is 'What applying a change relies on.';

alter table app.conversation_sessions enable row level security;
revoke all on app.conversation_sessions from public;

do $$
declare
  verb text;
begin
  if to_regrole('anon') is not null then
    revoke all on app.conversation_sessions from anon;
  end if;
  if to_regrole('service_role') is not null then
    grant usage on schema app to service_role;
    grant select, insert, update, delete on app.conversation_sessions to service_role;
  end if;

  drop policy if exists server_acts_for_all_users on app.conversation_sessions;
  if to_regrole('leftoff_server') is not null then
    grant usage on schema app to leftoff_server;
    grant select, insert, update, delete on app.conversation_sessions to leftoff_server;
    create policy server_acts_for_all_users on app.conversation_sessions to leftoff_server using (true) with check (true);
    comment on policy server_acts_for_all_users on app.conversation_sessions is
      'The app''s own server, which has authenticated the user it names.';
  end if;

  foreach verb in array array['select', 'insert', 'update', 'delete'] loop
    execute format('drop policy if exists users_%s_their_own on app.conversation_sessions', verb);
  end loop;
  if to_regrole('authenticated') is null or to_regprocedure('auth.jwt()') is null then
    raise notice 'No role authenticated or no auth.jwt(): app.conversation_sessions has no policy for users, so no browser reaches it.';
    return;
  end if;
  grant usage on schema app to authenticated;
  revoke all on app.conversation_sessions from authenticated;
  grant select, insert, update, delete on app.conversation_sessions to authenticated;
  -- The token is read once a query, not once a row.
  create policy users_select_their_own on app.conversation_sessions for select to authenticated
    using (user_id = ((select auth.jwt()) ->> 'sub'));
  create policy users_insert_their_own on app.conversation_sessions for insert to authenticated
    with check (user_id = ((select auth.jwt()) ->> 'sub'));
  create policy users_update_their_own on app.conversation_sessions for update to authenticated
    using (user_id = ((select auth.jwt()) ->> 'sub')) with check (user_id = ((select auth.jwt()) ->> 'sub'));
  create policy users_delete_their_own on app.conversation_sessions for delete to authenticated
    using (user_id = ((select auth.jwt()) ->> 'sub'));
  foreach verb in array array['select', 'insert', 'update', 'delete'] loop
    execute format(
      'comment on policy users_%s_their_own on app.conversation_sessions is %L',
      verb, 'The user of the token, and nobody without one.'
    );
  end loop;
end $$;
