import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'
import type { WebStorage } from '../../src/core/web-storage.js'

const name = 'claude-session-storage'

export interface OlderState {
  sessions: { conversationId: string; workspace: string; lastActivity: number }[]
  currentConversationId: string | null
  currentWorkspace: string | null
}

/** Times in seconds, as apps of that time wrote them too. */
export const older: OlderState = {
  sessions: [
    { conversationId: 'old-1', workspace: 'w', lastActivity: 100 },
    { conversationId: 'old-2', workspace: 'w', lastActivity: 300 },
    { conversationId: 'old-3', workspace: 'w2', lastActivity: 200 },
  ],
  currentConversationId: 'old-1',
  currentWorkspace: 'w',
}

/** An app of the time before leftoff: zustand's own persist on the same key. */
export function olderApp(storage: WebStorage) {
  return create<OlderState>()(
    persist((): OlderState => ({ sessions: [], currentConversationId: null, currentWorkspace: null }), {
      name,
      storage: createJSONStorage(() => storage),
    }),
  )
}
