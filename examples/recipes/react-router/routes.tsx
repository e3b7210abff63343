import { SessionHistory, SessionProvider, useConversationSession } from 'leftoff/react'
import { createBrowserRouter, useNavigate, useParams } from 'react-router'

/** `/chat` resumes, `/chat/<id>` opens exactly that conversation; the address follows whichever is open. */
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
  const session = useConversationSession(workspace, {
    ...(asked !== undefined && { conversationId: asked }),
    // A new chat, a switch, or a new one because storage has none of that id. Replaced, so that Back leaves the chat.
    onConversationIdChange: (id) => void navigate(`/chat/${id}`, { replace: true }),
  })
  return (
    <>
      <SessionHistory workspace={workspace} />
      <output>{session.conversationId ?? 'Opening …'}</output>
      <button type="button" disabled={!session.isInitialized} onClick={() => session.startNewConversation?.()}>
        New chat
      </button>
    </>
  )
}
