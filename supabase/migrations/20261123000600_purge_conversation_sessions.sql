-- Deletes sessions that nobody used for some time, and old tombstones. Only the database's clock decides: that of a browser may
-- be wrong. A session is as old as the last change that was applied to it, which is never before its last activity.

create or replace function app.purge_conversation_sessions(p_days integer default null, p_batch integer default 10000)
returns integer
language plpgsql volatile set search_path = ''
as $$
declare
  v_purged integer;
  v_total integer;
  -- Once: compared with the volatile clock itself, the indexes could not be searched.
  v_now constant timestamptz := clock_timestamp();
  v_oldest constant timestamptz := v_now - make_interval(days => p_days);
begin
  if p_days < 1 then
    raise invalid_parameter_value using message = 'p_days must be 1 or more, or null to keep all sessions.';
  end if;
  -- By key, which is right on partitions too. A row that a verb holds right now is left for another time.
  delete from app.conversation_sessions as s
  using (
    select t.user_id, t.conversation_id from app.conversation_sessions as t
    where t.removed_at < v_now - interval '30 days'
    order by t.removed_at
    limit p_batch
    for update skip locked
  ) as old
  where s.user_id = old.user_id and s.conversation_id = old.conversation_id
    and s.removed_at < v_now - interval '30 days';
  get diagnostics v_total = row_count;

  delete from app.conversation_sessions as s
  using (
    select t.user_id, t.conversation_id from app.conversation_sessions as t
    where t.removed_at is null and t.saved_at < v_oldest
    order by t.saved_at
    limit p_batch
    for update skip locked
  ) as old
  where s.user_id = old.user_id and s.conversation_id = old.conversation_id
    and s.removed_at is null and s.saved_at < v_oldest;
  get diagnostics v_purged = row_count;
  return v_total + v_purged;
end;
$$;
comment on function app.purge_conversation_sessions is
  'Deletes up to a batch of sessions that were not saved for so many days (none if null), the oldest first, and up to a batch of tombstones older than 30 days; says how many rows. Call it until it says 0.';

revoke all on function app.purge_conversation_sessions from public;
do $$
declare
  role text;
begin
  foreach role in array array['anon', 'authenticated', 'leftoff_server'] loop
    if to_regrole(role) is not null then
      execute format('revoke all on function app.purge_conversation_sessions from %I', role);
    end if;
  end loop;
  if to_regrole('service_role') is not null then
    grant execute on function app.purge_conversation_sessions to service_role;
  end if;

  if to_regprocedure('cron.schedule(text, text, text)') is null then
    raise notice 'pg_cron is not enabled: schedule app.purge_conversation_sessions(90) yourself, or enable it and run this again.';
    return;
  end if;
  -- A job of this name stays as it is: the app may have chosen other days.
  execute $cron$
    select cron.schedule('leftoff: purge conversation sessions', '*/15 * * * *', 'select app.purge_conversation_sessions(90)')
    where not exists (select from cron.job where jobname = 'leftoff: purge conversation sessions')
  $cron$;
end $$;
