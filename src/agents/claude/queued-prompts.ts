import { field } from './claude-message.js'
import { isSaid, nonEmpty, type TranscriptRecord } from './transcript-entry.js'
import { isFromOthers } from './transcript-notes.js'

/** A prompt sent while the agent was busy: it is written down as an attachment, at the place where the model was given it. */
export interface QueuedPrompt {
  /** The id that its sender gave it. */
  readonly sourceUuid: string | undefined
  readonly deliveryId: string | undefined
  /** Whether it is a prompt that may be shown; a forwarded one stands in the session it came from. */
  readonly isPrompt: boolean
  readonly isShown: boolean
}

/** The queued prompt in a record, or `undefined` for any other record. */
export function queuedPromptIn(record: TranscriptRecord): QueuedPrompt | undefined {
  const attachment = field(record, 'type') === 'attachment' ? field(record, 'attachment') : undefined
  if (field(attachment, 'type') !== 'queued_command') return undefined
  const prompt = field(attachment, 'prompt')
  const isHidden = Boolean(field(attachment, 'isMeta')) && !isFromOthers(field(attachment, 'origin'))
  const isForwarded = nonEmpty(field(field(attachment, 'forwardedIntent'), 'lineage')) !== undefined
  return {
    sourceUuid: nonEmpty(field(attachment, 'source_uuid')),
    deliveryId: nonEmpty(field(attachment, 'delivery_id')),
    isPrompt: !isHidden && !isForwarded && (typeof prompt === 'string' || Array.isArray(prompt)),
    isShown: isSaid(asUserRecord(record)),
  }
}

/** The record that a queued prompt would be, had the agent not been busy. */
export function asUserRecord(record: TranscriptRecord): TranscriptRecord {
  const attachment = field(record, 'attachment')
  const isTask = field(attachment, 'commandMode') === 'task-notification'
  return {
    type: 'user',
    uuid: nonEmpty(field(attachment, 'source_uuid')) ?? field(record, 'uuid'),
    timestamp: field(record, 'timestamp'),
    message: { role: 'user', content: field(attachment, 'prompt') },
    isMeta: Boolean(field(attachment, 'isMeta')),
    origin: field(attachment, 'origin') ?? (isTask ? { kind: 'task-notification' } : undefined),
    isSidechain: field(record, 'isSidechain'),
    teamName: field(record, 'teamName'),
  }
}

/** Text that stands in each line `createDeliveries` wants to see, beside those of queued prompts themselves. */
export const deliveryMark = 'absorbed_mid_turn'

/**
 * Which queued prompts reached the model, where the transcript says so. A prompt may be written down several times until it is delivered:
 * as many of its last records count as deliveries are noted.
 */
export function createDeliveries() {
  const counts = new Map<string, number>()
  /** The records of a delivery id, each once. */
  const byDelivery = new Map<string, string[]>()
  const bySource = new Map<string, string>()
  /** Sources whose records differ: it cannot be told which one a delivery means. */
  const mixed = new Set<string>()
  return {
    note(record: TranscriptRecord): void {
      const absorbed = absorbedIn(record)
      if (absorbed !== undefined) {
        counts.set(absorbed, (counts.get(absorbed) ?? 0) + 1)
        return
      }
      const attachment = field(record, 'attachment')
      const queued = queuedPromptIn(record)
      const uuid = field(record, 'uuid')
      if (!queued || typeof uuid !== 'string') return
      const { deliveryId, sourceUuid } = queued
      if (deliveryId !== undefined) {
        const uuids = byDelivery.get(deliveryId) ?? []
        if (!uuids.includes(uuid)) byDelivery.set(deliveryId, [...uuids, uuid])
      } else if (sourceUuid !== undefined) {
        const text = JSON.stringify(attachment)
        if ((bySource.get(sourceUuid) ?? text) !== text) mixed.add(sourceUuid)
        else bySource.set(sourceUuid, text)
      }
    },

    /** For the queued prompts of a history, in its order: whether each was delivered; `undefined` where nothing is noted. */
    of(prompts: readonly (QueuedPrompt & { readonly uuid: string })[]): readonly (boolean | undefined)[] {
      const total = new Map<string, number>()
      for (const prompt of prompts) total.set(nameOf(prompt), (total.get(nameOf(prompt)) ?? 0) + 1)
      const seen = new Map<string, number>()
      return prompts.map((prompt) => {
        const name = nameOf(prompt)
        const index = seen.get(name) ?? 0
        seen.set(name, index + 1)
        const count = counts.get(name)
        if (count === undefined || isUnclear(prompt)) return undefined
        if (prompt.deliveryId === undefined) return index >= (total.get(name) ?? 0) - count
        const uuids = byDelivery.get(prompt.deliveryId) ?? []
        return uuids.slice(Math.max(0, uuids.length - count)).includes(prompt.uuid)
      })
    },
  }

  function isUnclear({ deliveryId, sourceUuid }: QueuedPrompt): boolean {
    return deliveryId === undefined && (sourceUuid === undefined || mixed.has(sourceUuid))
  }
}

function nameOf({ deliveryId, sourceUuid }: QueuedPrompt): string {
  return deliveryId !== undefined ? `delivery:${deliveryId}` : `uuid:${sourceUuid ?? ''}`
}

function absorbedIn(record: TranscriptRecord): string | undefined {
  if (field(record, 'type') !== 'queue-operation' || field(record, 'operation') !== 'remove') return undefined
  if (field(record, 'reason') !== deliveryMark) return undefined
  const deliveryId = nonEmpty(field(record, 'deliveryId'))
  const commandUuid = field(record, 'commandUuid')
  if (deliveryId !== undefined) return `delivery:${deliveryId}`
  return typeof commandUuid === 'string' ? `uuid:${commandUuid}` : undefined
}
