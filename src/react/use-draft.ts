import { useCallback, useReducer } from 'react'
import { isLeftoffError } from '../core/error.js'
import type { SessionState, SessionStore } from '../store/session-store.js'
import { useSessionStore } from './session-context.js'
import { useConversationId, useSessionState } from './state-hooks.js'

/**
 * What the person is typing in the conversation, the current one when omitted: kept through reloads and switches, apart from what
 * is typed in other conversations and tabs. Use it as `useState`; set it to `''` when the message is sent. Nothing is
 * kept until a conversation is open. Needs `drafts: drafts()`.
 *
 * @example
 * ```tsx
 * import { drafts } from 'leftoff'
 * import { SessionProvider, useDraft } from 'leftoff/react'
 *
 * function Composer({ conversationId }: { conversationId: string }) {
 *   const [draft, setDraft] = useDraft(conversationId)
 *   return <textarea aria-label="Message" autoComplete="off" value={draft} onChange={(event) => setDraft(event.target.value)} />
 * }
 *
 * const keptDrafts = drafts()
 * export const App = () => (
 *   <SessionProvider drafts={keptDrafts}>
 *     <Composer conversationId="c1" />
 *   </SessionProvider>
 * )
 * ```
 */
export function useDraft(conversationId?: string): readonly [draft: string, setDraft: (draft: string) => void] {
  const store = useSessionStore()
  const current = useConversationId()
  const id = conversationId ?? current
  const [, renderAgain] = useReducer((count: number) => count + 1, 0)
  const draft = useSessionState((state) => readDraft(store, state, id))
  const setDraft = useCallback(
    (text: string) => {
      if (id === undefined) return
      store.setDraft(id, text)
      renderAgain()
    },
    [store, id],
  )
  return [draft, setDraft]
}

/** Only of what is open: until then nothing was read, and a server never reads. */
function readDraft(store: SessionStore, { workspaces }: SessionState, id: string | undefined): string {
  const isOpen = Object.values(workspaces).some(({ conversationId }) => conversationId === id)
  if (id === undefined || !isOpen) return ''
  try {
    return store.draftOf(id)
  } catch (error) {
    if (isLeftoffError(error, 'invalid-argument')) throw error // the option is missing
    return '' // the store was disposed
  }
}
