import {
  createSessionStore,
  drafts,
  guests,
  httpAdapter,
  localStorageAdapter,
  type SessionAdapter,
  type SessionStore,
} from 'leftoff'
import { dexieAdapter } from 'leftoff/dexie'
import {
  NewChatButton,
  SessionHistory,
  SessionNotice,
  SessionProvider,
  useConversationSession,
  useDraft,
  useSessionActions,
} from 'leftoff/react'
import { type FormEvent, useRef, useSyncExternalStore } from 'react'
import { createRoot } from 'react-dom/client'

// A chat without messages: what an app shows around them. Its address names the conversation.

declare global {
  interface Window {
    store: SessionStore
    adapter: SessionAdapter
  }
}

const query = new URLSearchParams(location.search)
const pageSize = Number(query.get('page') ?? 30)
const keptDrafts = drafts()
const adapters: Readonly<Record<string, () => SessionAdapter>> = {
  dexie: dexieAdapter,
  account: () => httpAdapter({ url: '/api/sessions' }),
}
const adapter = (adapters[query.get('adapter') ?? ''] ?? localStorageAdapter)()
const store = createSessionStore({
  adapter,
  drafts: keptDrafts,
  guests: guests(),
  userId: query.get('user') ?? 'ada',
  maxConversations: Number(query.get('keep') ?? 1_000),
  snapshot: false,
})
window.store = store
window.adapter = adapter

const addressOf = (id: string) => `/chat/${encodeURIComponent(id)}${location.search}`
const linked = () => decodeURIComponent(location.pathname.split('/')[2] ?? '') || undefined

function onAddress(listener: () => void): () => void {
  window.addEventListener('popstate', listener)
  window.addEventListener('address', listener)
  return () => {
    window.removeEventListener('popstate', listener)
    window.removeEventListener('address', listener)
  }
}

function Chat() {
  const field = useRef<HTMLTextAreaElement>(null)
  const asked = useSyncExternalStore(onAddress, linked)
  const { conversationId, status, recordMessage } = useConversationSession('shop', {
    conversationId: asked,
    onConversationIdChange: (id, { reason }) => {
      if (id === linked()) return
      if (reason === 'chosen') history.pushState(null, '', addressOf(id))
      else history.replaceState(null, '', addressOf(id))
      window.dispatchEvent(new Event('address'))
    },
  })
  const [draft, setDraft] = useDraft(conversationId)
  const { renameConversation, setUser, signOut } = useSessionActions()
  const isReadOnly = conversationId === undefined || status === 'watching'

  function send(event: FormEvent): void {
    event.preventDefault()
    if (isReadOnly || draft === '') return
    recordMessage({ role: 'user', text: draft })
    setDraft('')
  }

  return (
    <div className="page">
      <nav aria-label="Chats">
        <NewChatButton id="new">New chat</NewChatButton>
        <SessionHistory workspace="shop" pageSize={pageSize} undoMs={3_000} />
      </nav>
      <main>
        <h1>Shop</h1>
        <p id="conversation" data-status={status}>
          {conversationId ?? 'Opening …'}
        </p>
        <SessionNotice workspace="shop" onTakeOver={() => field.current?.focus()} />
        <form onSubmit={send}>
          <textarea
            ref={field}
            aria-label="Message"
            value={draft}
            readOnly={isReadOnly}
            onChange={(event) => setDraft(event.target.value)}
          />
          <button id="send" type="submit" disabled={isReadOnly}>
            Send
          </button>
        </form>
        <button
          id="suggest"
          type="button"
          onClick={() => conversationId !== undefined && renameConversation(conversationId, 'Suggested', { by: 'app' })}
        >
          Suggest a title
        </button>
        <button id="sign-out" type="button" onClick={() => void signOut()}>
          Sign out
        </button>
        <button id="sign-in" type="button" onClick={() => void setUser('ada', { claimGuest: true })}>
          Sign in
        </button>
      </main>
    </div>
  )
}

const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <SessionProvider store={store}>
      <Chat />
    </SessionProvider>,
  )
}
