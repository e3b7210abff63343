import { SessionNotice, useConversationSession, useDraft, useMessages, useSessionActions } from 'leftoff/react'
import { useRef, useState } from 'react'
import { goTo, useAddress } from './address.js'
import { client, forgetTranscript, loadMessages } from './api.js'
import { noticesOf } from './chat-notices.js'
import { Composer } from './composer.js'
import { Messages } from './messages.js'
import { NewsLine } from './news-line.js'
import { Panel } from './panel.js'
import { useServerReach } from './server-reach.js'
import { Shortcuts } from './shortcuts.js'
import { Sidebar } from './sidebar.js'
import { type SessionsIn, StoredView } from './stored-view.js'
import { TopBar } from './top-bar.js'
import { useHappenings } from './use-happenings.js'
import { useMediaQuery } from './use-media-query.js'

/** The whole page: workspaces and history, the chat, and what is stored. */
export function ChatPage({ sessionsIn }: { readonly sessionsIn: SessionsIn }) {
  const address = useAddress()
  const { workspace } = address
  const session = useConversationSession(workspace, {
    conversationId: address.conversationId,
    onConversationIdChange: (id, { reason }) => {
      // A step of the person's is an entry of its own. The rest corrects the entry it belongs to.
      if (id !== address.conversationId) {
        goTo({ workspace, conversationId: id }, reason === 'chosen' ? 'push' : 'replace')
      }
    },
  })
  const { conversationId, startNewConversation } = session
  const chat = useMessages(session, { client, load: loadMessages })
  const [draft, setDraft] = useDraft(conversationId)
  const { newConversation } = useSessionActions()
  const isReached = useServerReach()
  const happenings = useHappenings(session, chat, draft !== '')
  const field = useRef<HTMLTextAreaElement>(null)

  const hasRoomForChats = useMediaQuery('(min-width: 48rem)')
  const hasRoomForStored = useMediaQuery('(min-width: 75rem)')
  const [areChatsOpen, setChatsOpen] = useState(false)
  const [isStoredOpen, setStoredOpen] = useState(false)

  const { status } = chat
  const doing = status === 'stopping' ? status : status === 'sending' || status === 'answering' ? 'answering' : 'idle'
  const isThere = status !== 'loading' && status !== 'load-failed'
  const isOurs = session.status === 'ready' || session.status === 'degraded'
  const isElsewhere = session.status === 'watching' || session.status === 'signed-out'
  const canSend = isThere && isOurs
  const open = conversationId === undefined ? undefined : { workspace, conversationId }

  function send(message: unknown): void {
    happenings.markRead()
    chat.send(message)
  }

  function answerAgain(messageId: string): void {
    happenings.add('again', 'Asked again. This answer replaces the previous one.')
    chat.retry(messageId)
  }

  function edit(text: string | undefined): void {
    if (text === undefined) return
    setDraft(text)
    field.current?.focus()
  }

  return (
    <div className="page">
      {/* The message box is not there while another tab has the conversation. */}
      <a className="skip" href={isElsewhere ? '#messages' : '#composer'}>
        {isElsewhere ? 'Skip to the messages' : 'Skip to the message box'}
      </a>
      <Shortcuts
        onNewChat={() => isOurs && startNewConversation()}
        onFilter={() => setChatsOpen(true)}
        onWrite={() => field.current?.focus()}
      />

      <Panel
        side="start"
        label="Chats"
        hasRoom={hasRoomForChats}
        isOpen={hasRoomForChats || areChatsOpen}
        onClose={() => setChatsOpen(false)}
      >
        <Sidebar
          workspace={workspace}
          onStored={() => {
            setChatsOpen(false)
            setStoredOpen(true)
          }}
          onLeave={() => setChatsOpen(false)}
        />
      </Panel>

      <div className="middle">
        <TopBar
          address={{ workspace, conversationId }}
          isReached={isReached}
          happenings={happenings.all}
          place={sessionsIn.place}
          isStoredOpen={isStoredOpen}
          onStoredToggle={() => setStoredOpen(!isStoredOpen)}
          {...(!hasRoomForChats && { onChatsOpen: () => setChatsOpen(true) })}
        />
        <main className="chat" data-conversation-id={conversationId} data-workspace={workspace}>
          <Messages
            key={conversationId}
            chat={{ ...chat, send }}
            notices={noticesOf(chat.notices)}
            canSend={canSend}
            onEdit={edit}
            onAnswerAgain={answerAgain}
          />
          <div className="composer">
            {/* Always there, so that a screen reader hears of it. The line below tells of a storage that fails. */}
            <div className={isElsewhere ? 'elsewhere' : 'sr-only'}>
              <SessionNotice
                workspace={workspace}
                texts={{
                  watching: 'This conversation is open in another tab. You can read along.',
                  degraded: '',
                  full: '',
                  signedOut: 'You signed out on this device. This page saves nothing anymore.',
                }}
                onTakeOver={() => field.current?.focus()}
              />
              {session.status === 'watching' && (
                <button type="button" className="button" onClick={() => newConversation(workspace)}>
                  New chat
                </button>
              )}
              {session.status === 'signed-out' && (
                <button type="button" className="button" onClick={() => location.assign('/chat')}>
                  Start over
                </button>
              )}
            </div>
            {!isElsewhere && (
              <Composer
                field={field}
                conversationId={conversationId}
                draft={draft}
                isDisabled={!canSend}
                status={doing}
                onDraft={setDraft}
                onSend={send}
                onStop={chat.stop}
                onEditLast={() => edit(chat.messages.findLast(({ role }) => role === 'user')?.text)}
              />
            )}
            <NewsLine isReached={isReached} news={happenings.news} />
          </div>
        </main>
      </div>

      <Panel
        side="end"
        label="What is stored"
        hasRoom={hasRoomForStored}
        isOpen={isStoredOpen}
        onClose={() => setStoredOpen(false)}
      >
        <StoredView
          sessionsIn={sessionsIn}
          open={open}
          isAnswering={doing !== 'idle'}
          onForget={async () => (open ? forgetTranscript(open) : false)}
        />
      </Panel>
    </div>
  )
}
