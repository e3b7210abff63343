'use client'

import type { ConversationSession } from 'leftoff'
import { SessionProvider } from 'leftoff/react'
import type { ReactNode } from 'react'

interface ProvidersProps {
  userId: string
  sessions: readonly ConversationSession[]
  children: ReactNode
}

/** One store for each request on the server, one for the page in the browser. */
export function Providers({ userId, sessions, children }: ProvidersProps) {
  return (
    <SessionProvider userId={userId} initialState={{ sessions }}>
      {children}
    </SessionProvider>
  )
}
