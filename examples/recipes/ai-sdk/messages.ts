import type { UIMessage } from 'ai'
import type { TokenUsage } from 'leftoff'

/** What travels between the route and the page besides text. */
export type ChatUIMessage = UIMessage<
  { readonly usage?: TokenUsage },
  {
    /** The agent started without the earlier context. */
    readonly recovered: { readonly contextLost: boolean }
    /** What was streamed of the answer so far comes again. */
    readonly discard: Record<string, never>
  }
>

/** The text of a message as it counts: what follows the last `discard`. */
export function textOf({ parts }: ChatUIMessage): string {
  const from = parts.findLastIndex(({ type }) => type === 'data-discard') + 1
  return parts
    .slice(from)
    .map((part) => (part.type === 'text' ? part.text : ''))
    .join('')
}
