-- Takes long expired agent sessions out of iam.sessions. House-keeping only: an expired id is never given, purged or not.

create or replace function iam.purge_expired_sessions(p_batch integer default 10000)
returns integer
language plpgsql volatile set search_path = ''
-- A batch is looked up row by row; a join of another kind would read all rows that have expired, or the whole table, for each batch.
set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  v_purged integer;
  v_dated integer := 0;
  -- Once: compared with the volatile clock itself, the index on expires_at could not be searched.
  v_now constant timestamptz := clock_timestamp();
  -- Expired rows stay for a day: the next turn then hears that its session has expired, and a repeat of a turn is still recognised.
  v_before constant timestamptz := v_now - interval '24 hours';
begin
  -- By key: a ctid is unique in one partition only. The rows are locked, so none of them has come back to life meanwhile.
  with doomed as materialized (
    select e.user_id, e.domain_id, e.tab_id from iam.sessions as e
    where e.expires_at <= v_before and (e.lease_until is null or e.lease_until <= v_now)
    order by e.expires_at
    limit p_batch
    -- A row that a verb holds right now is not waited for.
    for update skip locked
  )
  delete from iam.sessions as s using doomed as d
  where s.user_id = d.user_id and s.domain_id = d.domain_id and s.tab_id = d.tab_id;
  get diagnostics v_purged = row_count;

  -- Rows of older code get a date, so that they go one day too.
  if v_purged < p_batch then
    with undated as materialized (
      select e.user_id, e.domain_id, e.tab_id from iam.sessions as e
      where e.expires_at is null
      limit p_batch - v_purged
      for update skip locked
    )
    update iam.sessions as s set expires_at = coalesce(s.last_activity, v_now) + interval '24 hours'
    from undated as u
    where s.user_id = u.user_id and s.domain_id = u.domain_id and s.tab_id = u.tab_id and s.expires_at is null;
    get diagnostics v_dated = row_count;
  end if;
  return v_purged + v_dated;
end;
$$;
comment on function iam.purge_expired_sessions is
  'Deletes up to a batch of rows that expired a day ago and that no turn holds, the longest expired first, and dates rows of older code. Says how many. Call it until it says 0.';

revoke all on function iam.purge_expired_sessions from public;
do $$
declare
  browser text;
  server text;
begin
  foreach browser in array array['anon', 'authenticated'] loop
    if to_regrole(browser) is not null then
      execute format('revoke all on function iam.purge_expired_sessions from %I', browser);
    end if;
  end loop;
  foreach server in array array['service_role', 'leftoff_server'] loop
    if to_regrole(server) is not null then
      execute format('grant execute on function iam.purge_expired_sessions to %I', server);
    end if;
  end loop;

  -- A job of this name is replaced, so running this again makes no second one.
  if to_regprocedure('cron.schedule(text, text, text)') is not null then
    execute $cron$
      select cron.schedule('leftoff: purge expired sessions', '*/5 * * * *', 'select iam.purge_expired_sessions()')
    $cron$;
  else
    raise notice 'pg_cron is not enabled: schedule iam.purge_expired_sessions() yourself, or enable it and run this again.';
  end if;
end $$;
