import { readdirSync, readFileSync } from 'node:fs'

const folder = new URL('../../../supabase/second/', import.meta.url)

/** The SQL of the second edition, file by file. */
export const secondSchema: readonly { readonly name: string; readonly text: string }[] = readdirSync(folder)
  .sort()
  .map((name) => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }))

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
