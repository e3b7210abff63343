import { SessionHistory, SessionNotice, SessionProvider, useConversationSession, useSessionEvent } from 'leftoff/react'
import { useState } from 'react'
import { createBrowserRouter, Link, useNavigate, useParams } from 'react-router'

/** `/chat` resumes, `/chat/<id>` opens exactly that conversation; the address follows whichever is open, and Back leads to the one before. */
export const createRouter = () =>
  createBrowserRouter([{ path: '/chat/:conversationId?', element: <ChatRoute workspace="demo.alive.best" /> }])

function ChatRoute({ workspace }: { readonly workspace: string }) {
  return (
    <SessionProvider>
      <Chat workspace={workspace} />
    </SessionProvider>
  )
}

function Chat({ workspace }: { readonly workspace: string }) {
  const { conversationId: asked } = useParams()
  const navigate = useNavigate()
  const [notice, setNotice] = useState('')
  const session = useConversationSession(workspace, {
    conversationId: asked,
    onConversationIdChange: (id, { reason }) => {
      // A step of the person's is an entry of its own. The rest corrects the entry it belongs to.
      if (id !== asked) void navigate(`/chat/${id}`, { replace: reason !== 'chosen' })
    },
  })
  useSessionEvent((event) => {
    if (event.type === 'conversation-redirected') setNotice('That conversation does not exist, or is not yours.')
  })
  return (
    <>
      <SessionHistory workspace={workspace} onSwitch={() => setNotice('')} />
      <SessionNotice workspace={workspace} />
      <p role="alert">{notice}</p>
      <output>{session.conversationId ?? 'Opening …'}</output>
      <button type="button" disabled={!session.isInitialized} onClick={() => session.startNewConversation()}>
        New chat
      </button>
      <button
        type="button"
        disabled={session.status === 'watching'}
        onClick={() => session.recordMessage({ role: 'user', text: 'Hello' })}
      >
        Say hello
      </button>
      <Link to="/chat">Chat</Link>
    </>
  )
}
