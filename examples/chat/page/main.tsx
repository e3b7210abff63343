import { importLegacy } from 'leftoff/legacy'
import { SessionProvider } from 'leftoff/react'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ChatPage } from './chat-page.js'
import { createAdapter, readPlace } from './storage.js'
import { useWorkspace } from './use-workspace.js'

const root = document.getElementById('root')
const userId = root?.dataset.userId
if (!root || !userId) throw new Error('The server puts the user into this page; open it at /chat.')

const supabase = { url: root.dataset.supabaseUrl ?? '', key: root.dataset.supabaseKey ?? '' }
const place = supabase.key === '' && readPlace() === 'Supabase' ? 'localStorage' : readPlace()
const adapter = createAdapter(place, supabase)
// Brings along what an app without leftoff stored in this browser.
const legacy = importLegacy()

createRoot(root).render(
  <StrictMode>
    <SessionProvider userId={userId} adapter={adapter} legacy={legacy}>
      <App />
    </SessionProvider>
  </StrictMode>,
)

function App() {
  const { workspace, linkedId, goTo } = useWorkspace()
  return (
    <ChatPage
      workspace={workspace}
      linkedId={linkedId}
      onWorkspaceChange={goTo}
      sessionsIn={{ place, adapter, offersSupabase: supabase.key !== '' }}
    />
  )
}
