import createPurifier from 'dompurify'
import { Marked, type Token } from 'marked'
import { memo, useMemo } from 'react'
import { CopyButton } from './copy-button.js'

const marked = new Marked({ gfm: true, breaks: true })

/** Keeps what formats a text. Nothing runs, and nothing is loaded from elsewhere: a picture is a link. */
const purifier = createPurifier()
purifier.addHook('afterSanitizeAttributes', (node) => {
  if (node.tagName !== 'A') return
  node.setAttribute('target', '_blank')
  node.setAttribute('rel', 'noopener noreferrer nofollow')
})
const forbidden = {
  USE_PROFILES: { html: true },
  FORBID_TAGS: ['img', 'picture', 'audio', 'video', 'style', 'form', 'button', 'select', 'textarea', 'dialog'],
  FORBID_ATTR: ['style', 'class', 'id', 'name', 'srcset', 'popover'],
}

/** A text of the agent. Block by block, so that of an answer that grows only the last one is drawn again. */
export function Markdown({ text, isGrowing = false }: { readonly text: string; readonly isGrowing?: boolean }) {
  const whole = isGrowing ? withoutHalfRow(text) : text
  const blocks = useMemo(() => marked.lexer(whole).filter(({ type }) => type !== 'space'), [whole])
  // biome-ignore lint/suspicious/noArrayIndexKey: a block keeps its place while the text grows
  return blocks.map((token, index) => <Block key={index} token={token} />)
}

const Block = memo(
  function Block({ token }: { readonly token: Token }) {
    if (token.type === 'code') return <Code language={token.lang ?? ''} code={token.text} />
    const html = { __html: purifier.sanitize(marked.parser([linked(token)]), forbidden) }
    if (token.type !== 'table') {
      // biome-ignore lint/security/noDangerouslySetInnerHtml: it comes out of the purifier
      return <div className="block" dangerouslySetInnerHTML={html} />
    }
    return (
      <section
        className="block table"
        aria-label="Table"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and not every browser lets the arrow keys in
        tabIndex={0}
        // biome-ignore lint/security/noDangerouslySetInnerHtml: it comes out of the purifier
        dangerouslySetInnerHTML={html}
      />
    )
  },
  (before, after) => before.token.raw === after.token.raw,
)

function Code({ language, code }: { readonly language: string; readonly code: string }) {
  return (
    <figure className="block code">
      <figcaption>
        <span>{language.split(/\s/)[0] || 'text'}</span>
        <CopyButton text={code} label="Copy code" />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and not every browser lets the arrow keys in */}
      <pre tabIndex={0}>
        <code>{code}</code>
      </pre>
    </figure>
  )
}

/** A table is one from the line below its head on. Until then its signs would be read as words, and each row's until its end. */
function withoutHalfRow(text: string): string {
  return text.replace(/(^|\n)\|[^\n]*(\n[|:\- ]*)?$/, '$1')
}

/** The token with a link in the place of each picture. */
function linked(token: Token): Token {
  marked.walkTokens([token], (one) => {
    if (one.type !== 'image') return
    Object.assign(one, { type: 'link', tokens: [{ type: 'text', raw: one.text, text: one.text || one.href }] })
  })
  return token
}
