import type { TestProject } from 'vitest/node'
import { serveSupabase, type TestSupabase } from '../../supabase/serve-supabase.js'
import { dropFirstEdition, secondSchema } from './second-schema.js'

/** One stand-in on PGlite for all files of the project, with the schema of the second edition. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { supabase, close } = await serveSupabase()
  await installSecondEdition(supabase)
  project.provide('supabase', supabase)
  return close
}

/** Replaces the first edition's table and functions by those of the second. */
export async function installSecondEdition({ sqlUrl }: TestSupabase): Promise<void> {
  for (const { name, text } of [{ name: 'drop', text: dropFirstEdition }, ...secondSchema]) {
    const response = await fetch(sqlUrl, { method: 'POST', body: JSON.stringify({ query: text, params: [] }) })
    if (!response.ok) throw new Error(`${name}: ${await response.text()}`)
  }
}
