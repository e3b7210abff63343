import { drafts } from 'leftoff'
import { importLegacy } from 'leftoff/legacy'
import { SessionProvider } from 'leftoff/react'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ChatPage } from './chat-page.js'
import { createAdapter, readPlace } from './storage.js'

void start()

async function start(): Promise<void> {
  const root = document.getElementById('root')
  const userId = root?.dataset.userId
  if (!root || !userId) throw new Error('The server puts the user into this page; open it at /chat.')

  const supabase = { url: root.dataset.supabaseUrl ?? '', key: root.dataset.supabaseKey ?? '' }
  const place = supabase.key === '' && readPlace() === 'Supabase' ? 'localStorage' : readPlace()
  const [adapter] = await Promise.all([createAdapter(place, supabase), fontIsThere()])
  const keptDrafts = drafts()
  // Brings along what an app without leftoff stored in this browser.
  const legacy = importLegacy()

  createRoot(root).render(
    <StrictMode>
      <SessionProvider userId={userId} adapter={adapter} drafts={keptDrafts} legacy={legacy}>
        <ChatPage sessionsIn={{ place, adapter, offersSupabase: supabase.key !== '' }} />
      </SessionProvider>
    </StrictMode>,
  )
}

/** So that no text is drawn twice, in one font and then in another; a font that takes long is not waited for. */
function fontIsThere(): Promise<unknown> {
  const loaded = document.fonts.load('1rem "Inter Variable"').catch(() => undefined)
  return Promise.race([loaded, new Promise((resolve) => setTimeout(resolve, 100))])
}
