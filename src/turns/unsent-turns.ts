import { isObject, parseJson, readEpoch } from '../core/checks.js'
import { epochKey, storageKey } from '../core/keys-and-ids.js'
import type { Browser } from '../store/browser.js'
import type { TurnConversation, TurnMessage } from './turn-client.js'

/** A message that this tab sent, of which nothing was heard yet. */
export interface UnsentTurn extends TurnMessage {
  readonly messageId: string
  readonly turnId: string
  /** When it was sent, in ms since the epoch. */
  readonly at: number
}

/** The messages of a tab that no server has answered: they outlive a reload, by user and sign-in. */
export function unsentTurns(browser: Browser, name: string) {
  const keyOf = ({ userId, workspace, conversationId }: TurnConversation) =>
    storageKey(name, 'unsent', userId, workspace, conversationId)

  function read(conversation: TurnConversation): readonly UnsentTurn[] {
    const value = attempt(() => parseJson(browser.storage('sessionStorage')?.getItem(keyOf(conversation)) ?? ''))
    if (!isObject(value) || value.epoch !== epochOf(conversation.userId) || !Array.isArray(value.turns)) return []
    return value.turns.filter(isUnsent)
  }

  function write(conversation: TurnConversation, turns: readonly UnsentTurn[]): void {
    const storage = attempt(() => browser.storage('sessionStorage'))
    const key = keyOf(conversation)
    // Full or blocked storage: the message is sent all the same.
    attempt(() =>
      turns.length === 0
        ? storage?.removeItem(key)
        : storage?.setItem(key, JSON.stringify({ epoch: epochOf(conversation.userId), turns })),
    )
  }

  function epochOf(userId: string): string {
    return readEpoch(attempt(() => browser.storage('localStorage')?.getItem(epochKey(name, userId))))
  }

  return {
    read,
    add(conversation: TurnConversation, turn: UnsentTurn): void {
      write(conversation, [...read(conversation).filter(({ turnId }) => turnId !== turn.turnId), turn])
    },
    remove(conversation: TurnConversation, turnId: string): void {
      const before = read(conversation)
      const turns = before.filter((turn) => turn.turnId !== turnId)
      if (turns.length < before.length) write(conversation, turns)
    },
  }
}

function isUnsent(value: unknown): value is UnsentTurn {
  if (!isObject(value) || typeof value.at !== 'number') return false
  return typeof value.turnId === 'string' && typeof value.messageId === 'string'
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}
