/** What `create` gives, once in this process: Next bundles a module once for pages and once for routes, and anew when it changes. */
export function onePerProcess<T>(name: string, create: () => T): T {
  const key = `leftoff-test-next/${name}`
  // Nobody else writes under this key, and each name is used for one thing.
  const kept = globalThis as unknown as Record<string, T | undefined>
  kept[key] ??= create()
  return kept[key]
}
