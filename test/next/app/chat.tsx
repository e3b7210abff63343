'use client'

import { isLeftoffError, readTurn } from 'leftoff'
import {
  NewChatButton,
  SessionHistory,
  useConversationSession,
  useSessionActions,
  useSessionEvent,
} from 'leftoff/react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { type FormEvent, useState } from 'react'

const workspace = 'shop'

interface Answer {
  conversationId: string
  text: string
  isComplete: boolean
}

/** The conversation of this tab, or the one in the address, which follows whichever is open. */
export function Chat() {
  // Not the page's params: those stay as the server gave them while the address changes in the browser.
  const linked = usePathname().split('/')[2]
  const { conversationId, status, isInitialized, isResumed, recordMessage } = useConversationSession(workspace, {
    conversationId: linked,
    onConversationIdChange: (id, { reason }) => {
      if (id === linked) return
      // Next takes the new address on without asking the server for the page again. A step of the person's is an entry of its own.
      if (reason === 'chosen') window.history.pushState(null, '', `/chat/${id}`)
      else window.history.replaceState(null, '', `/chat/${id}`)
    },
  })
  const { flush, takeOver } = useSessionActions()
  const [answer, setAnswer] = useState<Answer>()
  const [notice, setNotice] = useState('')
  useSessionEvent((event) => {
    if (event.type === 'conversation-redirected') setNotice(`Redirected: ${event.reason}`)
  })

  async function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    if (!isInitialized) return
    const message = String(new FormData(event.currentTarget).get('message'))
    recordMessage({ role: 'user', text: message })
    const show = (text: string, isComplete: boolean) => setAnswer({ conversationId, text, isComplete })
    let text = ''
    try {
      const body = JSON.stringify({ workspace, conversationId, message })
      const response = await fetch('/api/turn', { method: 'POST', body })
      for await (const event of readTurn<string>(response)) {
        if (event.type === 'recovered') setNotice(`Recovered: ${event.reason}`)
        if (event.type === 'message') text += event.message
        show(text, false)
      }
      recordMessage({ role: 'assistant', text })
      await flush()
      show(text, true)
    } catch (error) {
      if (!isLeftoffError(error)) throw error
      setNotice(error.code)
    }
  }

  return (
    <main data-initialized={isInitialized} data-resumed={isResumed}>
      <SessionHistory workspace={workspace} />
      <NewChatButton>New chat</NewChatButton>
      <Link href="/about">About</Link>
      <code>{conversationId}</code>
      <form onSubmit={send}>
        <input name="message" aria-label="Message" autoComplete="off" />
        <button type="submit" disabled={!isInitialized || status === 'watching'}>
          Send
        </button>
      </form>
      {answer?.conversationId === conversationId && <output data-complete={answer?.isComplete}>{answer?.text}</output>}
      {status === 'watching' && (
        <button type="button" onClick={() => void takeOver(workspace)}>
          Use here
        </button>
      )}
      <p role="status">{notice}</p>
    </main>
  )
}
