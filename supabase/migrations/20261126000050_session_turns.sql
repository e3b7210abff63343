-- What a session's row needs to remember its turns. Safe while turns run: nothing is rewritten, and no lock is waited for for longer than 20 ms.

do $$
declare
  v_member constant text := '(select pg_has_role(''leftoff_server'', ''usage''))';
  v_steps text[] := '{}';
  v_step text;
  v_leaf regclass;
begin
  if not exists (select from pg_attribute where attrelid = 'iam.sessions'::regclass and attname = 'turns' and not attisdropped) then
    v_steps := v_steps || 'alter table iam.sessions add column turns text[]'::text || (
      'comment on column iam.sessions.turns is ' || quote_literal('The last 16 turns, newest first: a letter for the state (r running, s to be stopped, d done, p stopped, f failed), when it began in 11 hexadecimal digits of ms since the epoch, the hash of its message, a dot, its id. A lease is the newest one''s.')
    );
  end if;
  -- Room on each page for the next version of a row, so that a renewal, which changes no indexed column, touches no index.
  for v_leaf in
    select c.oid::regclass from pg_class as c
    where c.relkind = 'r' and not coalesce(c.reloptions @> array['fillfactor=50'], false)
      and c.oid in (select 'iam.sessions'::regclass union select relid from pg_partition_tree('iam.sessions'))
  loop
    v_steps := v_steps || format('alter table %s set (fillfactor = 50)', v_leaf);
  end loop;
  if to_regrole('leftoff_server') is not null then
    grant select, insert, update, delete on iam.sessions to leftoff_server;
    if not exists (
      select from pg_policy where polrelid = 'iam.sessions'::regclass and polname = 'sessions_are_for_the_server'
        and polroles = array['leftoff_server'::regrole::oid]
    ) then
      v_steps := v_steps
        || format('alter policy sessions_are_for_the_server on iam.sessions to leftoff_server using (%1$s) with check (%1$s)', v_member)
        || ('comment on policy sessions_are_for_the_server on iam.sessions is '
          || quote_literal('Rows for leftoff_server, and for no one else but a role that bypasses row-level security, as service_role does.'));
    end if;
  end if;

  for v_try in 1..300 loop
    exit when v_steps = '{}';
    begin
      perform set_config('lock_timeout', '20ms', true);
      foreach v_step in array v_steps loop
        execute v_step;
      end loop;
      exit;
    exception when lock_not_available then
      if v_try = 300 then
        raise;
      end if;
      perform pg_sleep(0.05 + random() * 0.1);
    end;
  end loop;
end $$;
