import { useCallback, useSyncExternalStore } from 'react'
import { workspaces } from '../shared/chat-api.js'

/** The address of a workspace's chat. */
export function workspaceHref(workspace: string): string {
  return workspace === workspaces[0] ? '/chat' : `/chat?workspace=${encodeURIComponent(workspace)}`
}

/** The workspace that the address names, and how to go to another one without loading the page again. */
export function useWorkspace(): [workspace: string, setWorkspace: (workspace: string) => void] {
  const workspace = useSyncExternalStore(onNavigation, readWorkspace)
  const setWorkspace = useCallback((next: string) => {
    history.pushState(null, '', workspaceHref(next))
    dispatchEvent(new PopStateEvent('popstate')) // pushState alone tells nobody
  }, [])
  return [workspace, setWorkspace]
}

function onNavigation(listener: () => void): () => void {
  addEventListener('popstate', listener)
  return () => removeEventListener('popstate', listener)
}

function readWorkspace(): string {
  const asked = new URLSearchParams(location.search).get('workspace')
  return workspaces.find((workspace) => workspace === asked) ?? workspaces[0]
}
