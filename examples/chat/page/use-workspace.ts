import { useCallback, useState, useSyncExternalStore } from 'react'
import { workspaces } from '../shared/chat-api.js'

/** The address of a workspace's chat, or of one conversation in it. */
export function workspaceHref(workspace: string, conversationId?: string): string {
  const query = new URLSearchParams({
    ...(workspace !== workspaces[0] && { workspace }),
    ...(conversationId !== undefined && { conversation: conversationId }),
  })
  return query.size > 0 ? `/chat?${query}` : '/chat'
}

/** The workspace that the address names, the conversation if it is a link to one, and how to go to another workspace. */
export function useWorkspace() {
  const workspace = useSyncExternalStore(onNavigation, readWorkspace)
  const [linkedId, setLinkedId] = useState(readLink)
  const goTo = useCallback((next: string) => {
    setLinkedId(undefined) // a link is followed once
    history.pushState(null, '', workspaceHref(next))
    dispatchEvent(new PopStateEvent('popstate')) // pushState alone tells nobody
  }, [])
  return { workspace, linkedId, goTo }
}

/** Takes the conversation out of the address once it is open: from then on the tab itself knows where it is. */
export function forgetLink(): void {
  if (readLink() !== undefined) history.replaceState(null, '', workspaceHref(readWorkspace()))
}

function onNavigation(listener: () => void): () => void {
  addEventListener('popstate', listener)
  return () => removeEventListener('popstate', listener)
}

function readWorkspace(): string {
  const asked = new URLSearchParams(location.search).get('workspace')
  return workspaces.find((workspace) => workspace === asked) ?? workspaces[0]
}

function readLink(): string | undefined {
  return new URLSearchParams(location.search).get('conversation') ?? undefined
}
