import {
  checked,
  isObject,
  maxIdBytes,
  maxTime,
  maxTitleLength,
  maxWorkspaceBytes,
  text,
  tokenUsage,
  whole,
} from '../core/checks.js'
import { preview } from '../core/preview.js'
import type { RankedSession } from '../core/session.js'
import { firstCodePoints, wellFormed } from '../core/text.js'

/** The sessions of the user in what a server gave; what is not a session is left out. */
export function readInitialSessions(given: unknown, userId: string): readonly RankedSession[] {
  const sessions = isObject(given) ? given.sessions : undefined
  return Array.isArray(sessions) ? sessions.flatMap((value: unknown) => readSession(value, userId) ?? []) : []
}

function readSession(value: unknown, userId: string): RankedSession | undefined {
  if (!isObject(value) || value.userId !== userId) return undefined
  const { conversationId, workspace, startedAt, lastActivity, messageCount, rank, lastMessagePreview, title } = value
  const time = whole(maxTime)
  const usage = checked(tokenUsage, value.tokenUsage)
  if (!isText(conversationId, maxIdBytes) || !isText(workspace, maxWorkspaceBytes)) return undefined
  if (!isNumber(time, startedAt) || !isNumber(time, lastActivity) || !isNumber(whole(), messageCount)) return undefined
  const shown = typeof lastMessagePreview === 'string' ? preview(wellFormed(lastMessagePreview)) : undefined
  return {
    conversationId,
    workspace,
    userId,
    startedAt,
    lastActivity,
    messageCount,
    rank: isNumber(time, rank) ? rank : lastActivity,
    ...(usage.ok && { tokenUsage: usage.value }),
    ...(shown !== undefined && { lastMessagePreview: shown }),
    ...(typeof title === 'string' && title !== '' && { title: firstCodePoints(wellFormed(title), maxTitleLength) }),
  }
}

function isText(value: unknown, max: number): value is string {
  return value !== '' && checked(text(max), value).ok
}

function isNumber(check: ReturnType<typeof whole>, value: unknown): value is number {
  return checked(check, value).ok
}
