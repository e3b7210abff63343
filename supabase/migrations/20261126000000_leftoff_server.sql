-- The role of a server that talks to Postgres itself: it owns nothing, and may call the verbs of iam and nothing else of it.
-- `grant leftoff_server to your_app`, where your_app is the role that your server signs in with.

do $$
begin
  if to_regrole('leftoff_server') is null then
    create role leftoff_server nologin;
    comment on role leftoff_server is 'May call the functions of iam. Grant it to the role that a server signs in with.';
  end if;
exception
  when duplicate_object or unique_violation then
    null; -- another database of this Postgres is being migrated too
  when insufficient_privilege then
    raise notice 'Only a role that may create roles can make leftoff_server. Have one run: create role leftoff_server nologin; then run this again.';
end $$;

-- Last, so that the lock on app.domains ends with this transaction as soon as it was had. It is not waited for for longer than 20 ms.
do $$
declare
  v_member constant text := '(select pg_has_role(''leftoff_server'', ''usage''))';
  v_steps text[] := '{}';
  v_step text;
  v_is_ours constant boolean := exists (
    select from pg_policy where polrelid = 'app.domains'::regclass and polname = 'domains_are_for_the_server'
  );
begin
  if to_regrole('leftoff_server') is null then
    return;
  end if;
  grant usage on schema iam, app to leftoff_server;
  if not v_is_ours then
    raise notice 'app.domains is your own, so its rights are left to you. A server with the role leftoff_server needs: grant select on app.domains to leftoff_server;%',
      case when (select relrowsecurity from pg_class where oid = 'app.domains'::regclass)
        then ' create policy leftoff_reads_domains on app.domains for select to leftoff_server using (true);' else '' end;
    return;
  end if;
  grant select, insert on app.domains to leftoff_server;
  if not exists (
    select from pg_policy where polrelid = 'app.domains'::regclass and polname = 'domains_are_for_the_server'
      and polroles = array['leftoff_server'::regrole::oid]
  ) then
    v_steps := array[
      format('alter policy domains_are_for_the_server on app.domains to leftoff_server using (%1$s) with check (%1$s)', v_member),
      'comment on policy domains_are_for_the_server on app.domains is '
        || quote_literal('Rows for leftoff_server, and for no one else but a role that bypasses row-level security, as service_role does.')
    ];
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
