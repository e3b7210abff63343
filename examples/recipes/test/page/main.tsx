import { SessionProvider } from 'leftoff/react'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { RouterProvider } from 'react-router'
import { Chat as AiSdkChat } from '../../ai-sdk/chat.js'
import { Chat as AssistantUiChat } from '../../assistant-ui/chat.js'
import { Chat as ReactChat } from '../../react/chat.js'
import { createRouter } from '../../react-router/routes.js'

// Each recipe at an address of its own.
const chats = {
  '/ai-sdk': AiSdkChat,
  '/assistant-ui': AssistantUiChat,
  '/react': ReactChat,
}
const path = location.pathname
const Chat = path in chats ? chats[path as keyof typeof chats] : undefined // it was looked for a moment ago

const root = document.getElementById('root')
if (!root) throw new Error('The page has a root.')
createRoot(root).render(
  <StrictMode>
    {Chat ? (
      <SessionProvider>
        <Chat workspace={path.slice(1)} />
      </SessionProvider>
    ) : (
      <RouterProvider router={createRouter()} />
    )}
  </StrictMode>,
)
