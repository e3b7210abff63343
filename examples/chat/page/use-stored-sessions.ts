import type { ConversationSession, SessionAdapter } from 'leftoff'
import { useSessionStatus, useSessions } from 'leftoff/react'
import { useEffect, useState } from 'react'

/** The newest ten rows as they are stored, over all workspaces; read again after each save and change. */
export function useStoredSessions(adapter: SessionAdapter): readonly ConversationSession[] {
  const [stored, setStored] = useState<readonly ConversationSession[]>([])
  const sessions = useSessions()
  const { saving } = useSessionStatus()
  const userId = sessions[0]?.userId

  // biome-ignore lint/correctness/useExhaustiveDependencies: reads again whenever the store learned or saved something
  useEffect(() => {
    if (userId === undefined) return
    let isCurrent = true
    adapter.list(userId, { limit: 10 }).then(
      ({ sessions }) => isCurrent && setStored(sessions),
      () => undefined, // a view only; the next change shows it
    )
    return () => {
      isCurrent = false
    }
  }, [adapter, userId, sessions, saving.lastSavedAt])
  return stored
}
