/**
 * What the database linter of Supabase looks for, as far as these migrations could do it: a query for each, whose rows
 * are findings in the schemas app and iam. The names are the linter's.
 */
export const lints: Readonly<Record<string, string>> = {
  unindexed_foreign_keys: `
    select k.conname from pg_constraint as k
    where k.contype = 'f' and k.connamespace in ('app'::regnamespace, 'iam'::regnamespace) and not exists (
      select from pg_index as i where i.indrelid = k.conrelid and i.indpred is null
        and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey
    )`,
  auth_rls_initplan: `
    select policyname from pg_policies
    where schemaname in ('app', 'iam') and (
      qual ~ 'auth\\.(uid|jwt|role|email)\\(\\)'
        and qual !~* '\\( *select auth\\.(uid|jwt|role|email)\\(\\) as \\w+\\)'
      or with_check ~ 'auth\\.(uid|jwt|role|email)\\(\\)'
        and with_check !~* '\\( *select auth\\.(uid|jwt|role|email)\\(\\) as \\w+\\)'
    )`,
  no_primary_key: `
    select c.relname from pg_class as c
    where c.relkind = 'r' and c.relnamespace in ('app'::regnamespace, 'iam'::regnamespace)
      and not exists (select from pg_index as i where i.indrelid = c.oid and i.indisprimary)`,
  multiple_permissive_policies: `
    select tablename, verb, role from pg_policies,
      unnest(roles) as role,
      unnest(case cmd when 'ALL' then array['SELECT', 'INSERT', 'UPDATE', 'DELETE'] else array[cmd] end) as verb
    where schemaname in ('app', 'iam') and permissive = 'PERMISSIVE'
    group by tablename, verb, role having count(*) > 1`,
  rls_disabled: `
    select c.relname from pg_class as c
    where c.relkind = 'r' and c.relnamespace in ('app'::regnamespace, 'iam'::regnamespace) and not c.relrowsecurity`,
  rls_enabled_no_policy: `
    select c.relname from pg_class as c
    where c.relnamespace in ('app'::regnamespace, 'iam'::regnamespace) and c.relrowsecurity
      and not exists (select from pg_policy as p where p.polrelid = c.oid)`,
  duplicate_index: `
    select indrelid::regclass from pg_index join pg_class as c on c.oid = indrelid
    where c.relnamespace in ('app'::regnamespace, 'iam'::regnamespace)
    group by indrelid, indkey, indoption, pg_get_expr(indpred, indrelid) having count(*) > 1`,
  function_search_path_mutable: `
    select proname from pg_proc
    where pronamespace in ('app'::regnamespace, 'iam'::regnamespace)
      and not coalesce(proconfig::text like '%search_path=%', false)`,
  rls_references_user_metadata: `
    select policyname from pg_policies
    where schemaname in ('app', 'iam') and concat(qual, with_check) ~ 'user_metadata'`,
  rls_policy_always_true: `
    select policyname from pg_policies
    where schemaname in ('app', 'iam') and cmd <> 'SELECT' and (qual = 'true' or with_check = 'true')
      and roles && '{public,anon,authenticated}'`,
  security_definer_function_executable: `
    select proname from pg_proc
    where pronamespace in ('app'::regnamespace, 'iam'::regnamespace) and prosecdef
      and (has_function_privilege('anon', oid, 'execute') or has_function_privilege('authenticated', oid, 'execute'))`,
}
