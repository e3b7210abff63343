import { localStorageAdapter, type SessionAdapter } from 'leftoff'
import { loadSupabaseToken } from './api.js'

/** The places that the page can keep its sessions in. */
export const places = ['localStorage', 'Dexie', 'Supabase'] as const

/** One of {@link places}. */
export type Place = (typeof places)[number]

/** The Supabase that the server offers; without a key it offers none. */
export interface SupabaseOffer {
  /** Empty for this page's own address. */
  readonly url: string
  readonly key: string
}

/** The adapter for a place. An app has one of these lines, and imports what it needs at the top. */
export async function createAdapter(place: Place, { url, key }: SupabaseOffer): Promise<SessionAdapter> {
  if (place === 'Dexie') return (await import('leftoff/dexie')).dexieAdapter()
  if (place === 'localStorage' || !key) return localStorageAdapter()
  const [{ createClient }, { supabaseAdapter }] = await Promise.all([
    import('@supabase/supabase-js'),
    import('leftoff/supabase'),
  ])
  return supabaseAdapter({ client: createClient(url || location.origin, key, { accessToken: loadSupabaseToken }) })
}

/** The place that was picked in this browser; at first the one that needs nothing. */
export function readPlace(): Place {
  try {
    const picked = localStorage.getItem(name)
    return places.find((place) => place === picked) ?? 'localStorage'
  } catch {
    return 'localStorage' // a browser may forbid storage; leftoff then keeps the sessions in memory
  }
}

/** Changes the place. Each has its own history, so the page is loaded again. */
export function pickPlace(place: Place): void {
  try {
    localStorage.setItem(name, place)
  } catch {
    return // nothing to pick where nothing can be stored
  }
  location.assign('/chat') // the conversation of this address is in the other place
}

const name = 'leftoff-chat-place'
