import { isLeftoffError, readTurn } from 'leftoff'
import { useSessionActions } from 'leftoff/react'
import { useState } from 'react'

/** The conversation on screen, as `useConversationSession` gives it. */
export interface OpenConversation {
  readonly workspace: string
  readonly conversationId: string
}

/** A message as your server keeps it. */
export interface ChatMessage {
  readonly role: 'user' | 'assistant'
  readonly text: string
}

/** The chat of one conversation, with nothing but `fetch`. Use it in a component whose key is the conversation's id. */
export function useChat({ workspace, conversationId }: OpenConversation, earlier: readonly ChatMessage[]) {
  const { recordMessage } = useSessionActions()
  const [messages, setMessages] = useState(earlier)
  const [answer, setAnswer] = useState<string>()
  const [notice, setNotice] = useState<string>()

  async function send(message: string): Promise<void> {
    let text = ''
    recordMessage({ role: 'user', text: message, conversationId })
    setMessages((before) => [...before, { role: 'user', text: message }])
    setAnswer('')
    setNotice(undefined)
    try {
      const turnId = crypto.randomUUID()
      const body = JSON.stringify({ workspace, conversationId, turnId, message })
      const headers = { 'Content-Type': 'application/json' }
      for await (const event of readTurn<{ text: string }>(
        await fetch('/api/turn', { method: 'POST', headers, body }),
      )) {
        if (event.type === 'recovered' && event.contextLost) setNotice('The agent lost the earlier context.')
        if (event.type === 'discard') text = ''
        if (event.type === 'message') text += event.message.text
        setAnswer(text)
        // Once, when it is whole, and with the id: the tab may be in another conversation by then.
        if (event.type === 'done')
          recordMessage({ role: 'assistant', text, conversationId, ...(event.usage && { usage: event.usage }) })
      }
    } catch (error) {
      setNotice(isLeftoffError(error) ? error.message : 'The server could not be reached.')
    }
    if (text !== '') setMessages((before) => [...before, { role: 'assistant', text }])
    setAnswer(undefined)
  }

  return { messages, answer, notice, send }
}
