import type { Page } from 'playwright'
import type {} from '../storage/storage-page.js'

/** Opens the shop in the page's tab: the conversation it has from then on. */
export const openShop = (page: Page): Promise<string> => page.evaluate(() => window.store.initConversation('shop'))

/** Opens a link to a conversation of the shop. */
export function followLink(page: Page, conversationId: string): Promise<string> {
  return page.evaluate((conversationId) => window.store.initConversation('shop', { conversationId }), conversationId)
}

/** Says something and waits until it is saved. */
export async function say(page: Page, text: string): Promise<void> {
  await page.evaluate(async (text) => {
    window.store.recordMessage({ role: 'user', text })
    await window.store.flush()
  }, text)
}

/** Which conversation the tab has, and as what. */
export function placeOf(page: Page) {
  return page.evaluate(() => {
    const { status, currentConversationId } = window.store.getState()
    return { status, conversationId: currentConversationId }
  })
}

export const eventTypes = (page: Page) => page.evaluate(() => window.events.map(({ type }) => type))
