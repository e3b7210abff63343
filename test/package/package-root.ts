import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as z from 'zod/mini'

/** The folder of package.json. */
export const packageRoot = fileURLToPath(new URL('../..', import.meta.url))

const entry = z.object({ types: z.string(), default: z.string() })

const manifest = z.object({
  sideEffects: z.array(z.string()),
  exports: z.record(z.string(), z.union([entry, z.literal('./package.json'), z.literal('./dist/react/styles.css')])),
  dependencies: z.record(z.string(), z.string()),
  peerDependencies: z.record(z.string(), z.string()),
})

/** What package.json says. */
export const packageJson = manifest.parse(JSON.parse(readFileSync(`${packageRoot}/package.json`, 'utf8')))

/** The entries with code, by the name they are imported by: `leftoff`, `leftoff/react`. */
export const entries = new Map(
  Object.entries(packageJson.exports).flatMap(([path, files]) =>
    typeof files === 'string' ? [] : [[path.replace('.', 'leftoff'), files] as const],
  ),
)
