import { setFlagsFromString } from 'node:v8'
import type { TestProject } from 'vitest/node'
import { serveSupabase } from './serve-supabase.js'

/** One stand-in on PGlite for all files of the project. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // In this process too, PGlite is compiled once: see `execArgv` in vitest.config.ts.
  setFlagsFromString('--liftoff-only')
  const { supabase, close } = await serveSupabase()
  project.provide('supabase', supabase)
  return close
}
