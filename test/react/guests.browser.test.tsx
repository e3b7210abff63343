import type { ReactNode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { guests, localStorageAdapter } from '../../src/index.js'
import { SessionHistory, SessionProvider, useConversationSession } from '../../src/react/index.js'

let root: Root
let container: HTMLElement

beforeEach(() => {
  localStorage.clear()
  sessionStorage.clear()
  container = document.body.appendChild(document.createElement('div'))
  root = createRoot(container)
})

afterEach(() => {
  root.unmount()
  container.remove()
})

const part = (name: string) => container.querySelector<HTMLElement>(name)
const titles = () => [...container.querySelectorAll('.leftoff-history-title')].map(({ textContent }) => textContent)

function Chat(): ReactNode {
  const { conversationId, recordMessage } = useConversationSession('w')
  return (
    <main data-id={conversationId}>
      <button type="button" onClick={() => recordMessage({ role: 'user', text: 'Hello' })} />
    </main>
  )
}

const adapter = localStorageAdapter()
const keptGuests = guests()
const app = (userId?: string) => (
  <SessionProvider adapter={adapter} guests={keptGuests} {...(userId !== undefined && { userId })}>
    <Chat />
    <SessionHistory workspace="w" />
  </SessionProvider>
)

async function chat(): Promise<string> {
  await expect.poll(() => part('main')?.dataset.id).toBeDefined()
  part('main button')?.click()
  await expect.poll(titles).toEqual(['Hello'])
  return part('main')?.dataset.id ?? ''
}

describe('SessionProvider with guests', () => {
  it('stays in the conversation when the guest signs in, and has it in the history', async () => {
    root.render(app())
    const id = await chat()
    root.render(app('ada'))
    await expect.poll(() => [part('main')?.dataset.id, titles()]).toEqual([id, ['Hello']])
    await expect.poll(async () => (await adapter.get('ada', id)) !== undefined).toBe(true)
    await expect.poll(() => adapter.get('', id), { timeout: 15_000 }).toBe('removed')
  })

  it('opens what a guest left when the page loads with a user', async () => {
    root.render(app())
    const id = await chat()
    root.unmount()
    // The store of the page before gives its conversation back in a later task.
    const held = async () => (await navigator.locks.query()).held?.filter(({ name }) => name?.includes(id))
    await expect.poll(held).toEqual([])
    root = createRoot(container)
    root.render(app('ada'))
    await expect.poll(() => [part('main')?.dataset.id, titles()]).toEqual([id, ['Hello']])
  })
})
