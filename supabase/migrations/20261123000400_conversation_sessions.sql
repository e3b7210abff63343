-- The sessions of signed-in users: which conversations they have, on all their devices. Messages are not here.
--
-- Browsers reach this table with their user's token: each user sees and writes own rows, nobody sees another's.

create table if not exists app.conversation_sessions (
  user_id text not null,
  -- By bytes, so that ties in a list come in the same order as in a browser.
  conversation_id text collate "C" not null,
  workspace text,
  tab_id text,
  started_at timestamptz,
  last_activity timestamptz,
  message_count bigint,
  last_message_preview text,
  title text,
  input_tokens bigint,
  output_tokens bigint,
  cache_read_tokens bigint,
  cache_write_tokens bigint,
  revision bigint,
  save_id text,
  schema_version integer,
  removed_at timestamptz,
  constraint conversation_sessions_pkey primary key (user_id, conversation_id),
  constraint conversation_sessions_is_row_or_tombstone check (
    case when removed_at is null
      then num_nulls(workspace, started_at, last_activity, message_count, revision, save_id, schema_version) = 0
      else num_nonnulls(
        workspace, tab_id, started_at, last_activity, message_count, last_message_preview, title, input_tokens,
        output_tokens, cache_read_tokens, cache_write_tokens, revision, save_id, schema_version
      ) = 0
    end
  ),
  constraint conversation_sessions_texts_have_bounds check (
    octet_length(user_id) between 1 and 800
    and octet_length(conversation_id) between 1 and 800
    and octet_length(workspace) between 1 and 800
    and char_length(tab_id) between 1 and 4096
    and char_length(save_id) between 1 and 4096
    and char_length(last_message_preview) <= 120
    and char_length(title) <= 4096
  ),
  constraint conversation_sessions_counts_are_counts check (
    message_count >= 0 and revision >= 1 and schema_version >= 1 and started_at >= 'epoch' and last_activity >= 'epoch'
  ),
  constraint conversation_sessions_token_usage_is_whole check (
    num_nulls(input_tokens, output_tokens, cache_read_tokens, cache_write_tokens) in (0, 4)
    and least(input_tokens, output_tokens, cache_read_tokens, cache_write_tokens) >= 0
  )
);

create index if not exists conversation_sessions_newest on app.conversation_sessions
  (user_id, last_activity desc, conversation_id) where removed_at is null;
comment on index app.conversation_sessions_newest is 'For the history over all workspaces.';
create index if not exists conversation_sessions_newest_of_workspace on app.conversation_sessions
  (user_id, workspace, last_activity desc, conversation_id) where removed_at is null;
comment on index app.conversation_sessions_newest_of_workspace is 'For the history of one workspace.';

comment on table app.conversation_sessions is
  'What is known about each conversation of a user, and what is left of a removed one: a row with nothing but removed_at.';
comment on column app.conversation_sessions.user_id is 'The user: `sub` of the token.';
comment on column app.conversation_sessions.conversation_id is 'Minted by the browser; unique within the user.';
comment on column app.conversation_sessions.workspace is 'What isolates conversations from each other, such as demo.alive.best.';
comment on column app.conversation_sessions.tab_id is 'Only when older data had one that is not the conversation id.';
comment on column app.conversation_sessions.started_at is 'By the browser''s clock.';
comment on column app.conversation_sessions.last_activity is 'By the browser''s clock, but never later than the database''s.';
comment on column app.conversation_sessions.message_count is 'Messages of both sides.';
comment on column app.conversation_sessions.last_message_preview is 'At most 120 characters. Null where the app keeps content out of storage.';
comment on column app.conversation_sessions.title is 'Given by the user or the app. Null where the app keeps content out of storage.';
comment on column app.conversation_sessions.input_tokens is 'Running total, as are the three that follow.';
comment on column app.conversation_sessions.output_tokens is 'Running total.';
comment on column app.conversation_sessions.cache_read_tokens is 'Running total.';
comment on column app.conversation_sessions.cache_write_tokens is 'Running total.';
comment on column app.conversation_sessions.revision is '1, 2, 3 and so on: one more for each accepted save.';
comment on column app.conversation_sessions.save_id is 'Of the last accepted save, to know a repeat by.';
comment on column app.conversation_sessions.schema_version is 'Of the code that saved the row. Older code leaves a newer row alone.';
comment on column app.conversation_sessions.removed_at is 'Set in a tombstone, which keeps a late writer from bringing the row back.';
comment on constraint conversation_sessions_is_row_or_tombstone on app.conversation_sessions is
  'A row has all it needs, a tombstone nothing but its name and its time.';
comment on constraint conversation_sessions_texts_have_bounds on app.conversation_sessions is
  'Generous for anything real; three of the 800 bytes fit into one index entry.';
comment on constraint conversation_sessions_counts_are_counts on app.conversation_sessions is 'What readers expect of numbers and times.';
comment on constraint conversation_sessions_token_usage_is_whole on app.conversation_sessions is 'All four totals or none.';

alter table app.conversation_sessions enable row level security;
revoke all on app.conversation_sessions from public;

do $$
begin
  if to_regrole('service_role') is not null then
    grant select, insert, update, delete on app.conversation_sessions to service_role;
  end if;
  if to_regrole('anon') is not null then
    revoke all on app.conversation_sessions from anon;
  end if;
  if to_regrole('authenticated') is null or to_regprocedure('auth.jwt()') is null then
    raise notice 'No role authenticated or no auth.jwt(): app.conversation_sessions has no policy, so no browser reaches it.';
    return;
  end if;

  grant usage on schema app to authenticated;
  revoke all on app.conversation_sessions from authenticated;
  grant select, insert, update, delete on app.conversation_sessions to authenticated;

  drop policy if exists users_see_their_own on app.conversation_sessions;
  create policy users_see_their_own on app.conversation_sessions for select to authenticated
    using (conversation_sessions.user_id = (select auth.jwt() ->> 'sub'));
  comment on policy users_see_their_own on app.conversation_sessions is 'The user of the token, and no one without.';

  drop policy if exists users_insert_their_own on app.conversation_sessions;
  create policy users_insert_their_own on app.conversation_sessions for insert to authenticated
    with check (conversation_sessions.user_id = (select auth.jwt() ->> 'sub'));
  comment on policy users_insert_their_own on app.conversation_sessions is 'The user of the token, and no one without.';

  drop policy if exists users_update_their_own on app.conversation_sessions;
  create policy users_update_their_own on app.conversation_sessions for update to authenticated
    using (conversation_sessions.user_id = (select auth.jwt() ->> 'sub'))
    with check (conversation_sessions.user_id = (select auth.jwt() ->> 'sub'));
  comment on policy users_update_their_own on app.conversation_sessions is 'The user of the token, who cannot give a row away.';

  drop policy if exists users_delete_their_own on app.conversation_sessions;
  create policy users_delete_their_own on app.conversation_sessions for delete to authenticated
    using (conversation_sessions.user_id = (select auth.jwt() ->> 'sub'));
  comment on policy users_delete_their_own on app.conversation_sessions is 'The user of the token, and no one without.';
end $$;
