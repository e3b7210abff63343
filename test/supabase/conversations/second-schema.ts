import { readdirSync, readFileSync } from 'node:fs'

/** The SQL that both editions share, file by file. */
export const sharedSchema = textsOf('../../../supabase/migrations/').filter(
  ({ name }) => !name.includes('conversation_session'),
)

/** The SQL of the second edition, file by file. */
export const secondSchema = textsOf('../../../supabase/second/')

/** Takes away what the first edition made under the same names. */
export const dropFirstEdition = `
  drop table if exists app.conversation_sessions cascade;
  do $$
  declare
    f text;
  begin
    for f in select oid::regprocedure from pg_proc where pronamespace = 'app'::regnamespace loop
      execute 'drop function if exists ' || f || ' cascade';
    end loop;
  end $$;`

function textsOf(path: string): readonly { readonly name: string; readonly text: string }[] {
  const folder = new URL(path, import.meta.url)
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }))
}
