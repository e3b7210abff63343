-- Takes expired agent sessions out of iam.sessions. House-keeping only: an expired id is never given, purged or not.

create or replace function iam.purge_expired_sessions(p_batch integer default 10000)
returns integer
language plpgsql volatile set search_path = ''
as $$
declare
  v_purged integer;
  -- Once: compared with the volatile clock itself, the index on expires_at could not be searched.
  v_now constant timestamptz := clock_timestamp();
begin
  delete from iam.sessions as s
  where s.ctid = any (array(
    select e.ctid from iam.sessions as e
    where e.expires_at <= v_now and (e.lease_until is null or e.lease_until <= v_now)
    order by e.expires_at
    limit p_batch
    -- A row that a verb holds right now is not waited for.
    for update skip locked
  ));
  get diagnostics v_purged = row_count;
  return v_purged;
end;
$$;
comment on function iam.purge_expired_sessions is
  'Deletes up to a batch of expired rows that no turn holds, the longest expired first, and says how many. Call it until it says 0.';

revoke all on function iam.purge_expired_sessions from public;
do $$
declare
  browser text;
begin
  foreach browser in array array['anon', 'authenticated'] loop
    if to_regrole(browser) is not null then
      execute format('revoke all on function iam.purge_expired_sessions from %I', browser);
    end if;
  end loop;
  if to_regrole('service_role') is not null then
    grant execute on function iam.purge_expired_sessions to service_role;
  end if;

  -- A job of this name is replaced, so running this again makes no second one.
  if to_regprocedure('cron.schedule(text, text, text)') is not null then
    execute $cron$
      select cron.schedule('leftoff: purge expired sessions', '*/5 * * * *', 'select iam.purge_expired_sessions()')
    $cron$;
  else
    raise notice 'pg_cron is not enabled: schedule iam.purge_expired_sessions() yourself, or enable it and run this again.';
  end if;
end $$;
