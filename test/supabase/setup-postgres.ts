import type { TestProject } from 'vitest/node'
import { createPostgresCluster } from './postgres-cluster.mjs'
import { serveSupabase } from './serve-supabase.js'

/** One stand-in on a Postgres of its own for all files of the project. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cluster = await createPostgresCluster()
  try {
    await cluster.start()
    const { supabase, close } = await serveSupabase(cluster.url())
    project.provide('supabase', supabase)
    return async () => {
      await close()
      await cluster.end()
    }
  } catch (error) {
    await cluster.end()
    throw error
  }
}
