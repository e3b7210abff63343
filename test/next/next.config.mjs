import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))

/** @type {import('next').NextConfig} */
export default {
  reactStrictMode: true,
  // As create-next-app writes it: what is random or a time may not be asked for in what is rendered in advance.
  cacheComponents: true,
  // Without these Next takes the repository for its own folder, by its lockfile, and leftoff from there.
  outputFileTracingRoot: here,
  turbopack: { root: here },
  // `npm run test:next` checks types with the repository's TypeScript; Next would change tsconfig.json.
  typescript: { ignoreBuildErrors: true },
  // Over the page, where the tests click.
  devIndicators: false,
}
