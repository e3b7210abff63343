-- The workspaces: which domain a hostname belongs to.
--
-- Like every file here it can be run again; Postgres 15 to 18, with Supabase's roles or without. Run it once more if the
-- roles come later.

create schema if not exists iam;
comment on schema iam is 'What only the server may see. No rights for anon and authenticated.';

create schema if not exists app;

do $$
begin
  if obj_description('app'::regnamespace, 'pg_namespace') is null then
    comment on schema app is 'What the app''s users may see, each their own rows.';
  end if;

  -- A table of this name that is already there is the app's own: its columns, rights and policies are left as they are.
  if to_regclass('app.domains') is null then
    create table app.domains (
      domain_id uuid not null default gen_random_uuid(),
      hostname text not null,
      constraint domains_pkey primary key (domain_id),
      constraint domains_hostname_key unique (hostname),
      constraint domains_hostname_is_not_empty check (hostname <> '')
    );
    comment on table app.domains is 'The workspaces by hostname. Written by the app.';
    comment on column app.domains.domain_id is 'The name of the workspace in other tables; stays when it gets another hostname.';
    comment on column app.domains.hostname is 'The workspace as users know it, such as demo.alive.best.';
    comment on constraint domains_hostname_is_not_empty on app.domains is 'A tab key has no empty part.';

    alter table app.domains enable row level security;
    create policy domains_are_for_the_server on app.domains using (false);
    comment on policy domains_are_for_the_server on app.domains is
      'No row for anyone but a role that bypasses row-level security, as service_role does.';
  end if;
end $$;

-- Whatever else the app keeps in the schema iam: browsers reach none of it.
revoke all on schema iam from public;
do $$
declare
  is_ours constant boolean := exists (
    select from pg_policy where polrelid = 'app.domains'::regclass and polname = 'domains_are_for_the_server'
  );
  browser text;
begin
  if is_ours then
    revoke all on app.domains from public;
  end if;
  foreach browser in array array['anon', 'authenticated'] loop
    if to_regrole(browser) is not null then
      execute format('revoke all on schema iam from %I', browser);
      if is_ours then
        execute format('revoke all on app.domains from %I', browser);
      end if;
    end if;
  end loop;
  if to_regrole('service_role') is not null then
    grant usage on schema iam, app to service_role;
    grant select on app.domains to service_role;
    if is_ours then
      grant insert, update, delete on app.domains to service_role;
    end if;
  end if;
end $$;
