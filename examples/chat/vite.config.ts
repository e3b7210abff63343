import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** `vite build` makes the page, `vite build --ssr server/main.ts` the server; packages stay imports there. */
export default defineConfig(({ isSsrBuild }) =>
  isSsrBuild
    ? { ssr: { external: true }, build: { outDir: here('dist/server'), emptyOutDir: true, target: 'node20' } }
    : {
        root: here('page'),
        plugins: [react()],
        // All three adapters, as the page offers them to be compared; an app has one.
        build: { outDir: here('dist/page'), emptyOutDir: true, chunkSizeWarningLimit: 1000 },
      },
)
