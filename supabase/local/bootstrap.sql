-- What a Supabase project has before any migration, as far as these migrations use it. Never run on a Supabase project.

do $$
begin
  if to_regrole('anon') is null then
    create role anon nologin noinherit;
  end if;
  if to_regrole('authenticated') is null then
    create role authenticated nologin noinherit;
  end if;
  if to_regrole('service_role') is null then
    create role service_role nologin noinherit bypassrls;
  end if;
end $$;

create schema if not exists auth;
grant usage on schema auth, public to anon, authenticated, service_role;

create or replace function auth.jwt() returns jsonb language sql stable
return nullif(current_setting('request.jwt.claims', true), '')::jsonb;

create or replace function auth.uid() returns uuid language sql stable
return (auth.jwt() ->> 'sub')::uuid;

create or replace function auth.role() returns text language sql stable
return auth.jwt() ->> 'role';

grant execute on function auth.jwt(), auth.uid(), auth.role() to anon, authenticated, service_role;
