import { useEffect, useState } from 'react'
import { Icon } from './icon.js'

/** Copies `text`, and says that it did. */
export function CopyButton({ text, label }: { readonly text: string; readonly label: string }) {
  const [said, setSaid] = useState<'copied' | 'failed'>()
  useEffect(() => {
    if (said === undefined) return
    const timer = setTimeout(() => setSaid(undefined), 1_500)
    return () => clearTimeout(timer)
  }, [said])

  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setSaid('copied'),
      () => setSaid('failed'), // the browser was told not to allow it
    )

  return (
    <button
      type="button"
      className="icon-button"
      aria-label={said === 'copied' ? 'Copied' : said === 'failed' ? 'Not copied: not allowed here' : label}
      title={label}
      onClick={() => void copy()}
    >
      <Icon name={said === 'copied' ? 'check' : said === 'failed' ? 'close' : 'copy'} />
    </button>
  )
}
