import { Icon } from './icon.js'
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
        <Icon name="open" />
        <span>
          <KeyParts text={key} separator="/" /> <span className="stored-area">{area}</span>
        </span>
      </summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and not every browser lets the arrow keys in */}
      <pre tabIndex={0}>{text}</pre>
    </details>
  )
}

/** A key in its parts, none of them broken in the middle. */
export function KeyParts({
  text,
  separator,
  className,
}: {
  readonly text: string
  readonly separator: string
  readonly className?: string
}) {
  return (
    <code className={className}>
      {text.split(separator).map((part, index, all) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place
        <span key={index} className="key-part">
          {part}
          {index < all.length - 1 && separator}
        </span>
      ))}
    </code>
  )
}
