import type { StoredValue } from './use-browser-storage.js'

/** One stored value under its name, as DevTools would show it. */
export function StoredItem({
  value: { area, key, text },
}: {
  readonly value: Omit<StoredValue, 'area'> & { readonly area: string }
}) {
  return (
    <details className="stored-item">
      <summary>
        <span className="stored-area">{area}</span> <code>{key}</code>
      </summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and not every browser lets the arrow keys in */}
      <pre tabIndex={0}>{text}</pre>
    </details>
  )
}
