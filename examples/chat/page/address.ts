import { useMemo, useSyncExternalStore } from 'react'
import { workspaces } from '../shared/chat-api.js'

/** What an address of this app names: `/chat/<id>`, or `/chat` for wherever this tab was. */
export interface Address {
  readonly workspace: string
  readonly conversationId: string | undefined
}

export function hrefOf({ workspace, conversationId }: Address): string {
  const path = conversationId === undefined ? '/chat' : `/chat/${encodeURIComponent(conversationId)}`
  return workspace === workspaces[0] ? path : `${path}?${new URLSearchParams({ workspace })}`
}

/** Where the page is, also after Back. An app with a router has this from there. */
export function useAddress(): Address {
  const href = useSyncExternalStore(onNavigation, () => location.pathname + location.search)
  return useMemo(() => parseAddress(href), [href])
}

/** Pushes an entry that Back returns from, or corrects the entry that is there. */
export function goTo(address: Address, how: 'push' | 'replace'): void {
  history[how === 'push' ? 'pushState' : 'replaceState'](null, '', hrefOf(address))
  dispatchEvent(new PopStateEvent('popstate')) // pushState alone tells nobody
}

function onNavigation(listener: () => void): () => void {
  addEventListener('popstate', listener)
  return () => removeEventListener('popstate', listener)
}

function parseAddress(href: string): Address {
  const { pathname, searchParams } = new URL(href, location.origin)
  const asked = searchParams.get('workspace')
  const id = /^\/chat\/([^/]+)$/.exec(pathname)?.[1]
  return {
    workspace: workspaces.find((workspace) => workspace === asked) ?? workspaces[0],
    conversationId: id === undefined ? undefined : decoded(id),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
