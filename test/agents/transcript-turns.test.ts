import { describe, expect, it } from 'vitest'
import { readTranscript, type TranscriptTurnMessage } from '../../src/agents/claude/index.js'
import { assistantEntry, transcriptFolder, userEntry, uuid, workspace } from './transcript-folder.js'

const sessionId = uuid(999)
const tool = [{ type: 'tool_use', id: 'toolu_1', name: 'Bash', input: {} }]
const result = { message: { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'ok' }] } }

describe('a transcript read by turns', () => {
  it('has the ids that the messages were sent with, and one answer for each', async () => {
    const { root, write } = transcriptFolder()
    write(sessionId, [
      userEntry(1, null, 'Look at it'),
      assistantEntry(2, 1, 'Let me look.', { id: 'msg_a' }),
      assistantEntry(3, 2, tool, { id: 'msg_a' }),
      userEntry(4, 3, '', result),
      assistantEntry(5, 4, 'All ', { id: 'msg_b' }),
      assistantEntry(6, 5, 'done.', { id: 'msg_b' }),
      userEntry(7, 6, 'Thanks'),
    ])
    const at = (number: number) => 1_700_000_000_000 + number
    expect(await turns(root)).toEqual([
      { id: uuid(1), role: 'user', text: 'Look at it', at: at(1) },
      { id: `${uuid(1)}.answer`, role: 'assistant', text: 'Let me look.\n\nAll done.', at: at(2) },
      { id: uuid(7), role: 'user', text: 'Thanks', at: at(7) },
    ])
  })

  it('knows a message that was sent while the agent was busy by the id it was sent with', async () => {
    const { root, write } = transcriptFolder()
    const attachment = { type: 'queued_command', prompt: 'And the other one?', source_uuid: uuid(50) }
    write(sessionId, [
      userEntry(1, null, 'Look at it'),
      assistantEntry(2, 1, tool),
      userEntry(3, 2, '', result),
      { type: 'attachment', parentUuid: uuid(3), uuid: uuid(4), isSidechain: false, attachment },
      assistantEntry(5, 4, 'Both are fine.'),
    ])
    expect(await turns(root)).toMatchObject([
      { id: uuid(1), text: 'Look at it' },
      { id: uuid(50), role: 'user', text: 'And the other one?' },
      { id: `${uuid(50)}.answer`, text: 'Both are fine.' },
    ])
  })

  it('gives an answer an id whose question is lost', async () => {
    const { root, write } = transcriptFolder()
    write(sessionId, [assistantEntry(2, 1, 'So it is.')])
    expect(await turns(root)).toMatchObject([{ id: `${uuid(2)}.answer`, role: 'assistant' }])
  })

  it('that is not there is undefined', async () => {
    const { root } = transcriptFolder()
    expect(await readTranscript({ root, workspace, sessionId }, { turns: true })).toBeUndefined()
  })
})

async function turns(root: string): Promise<TranscriptTurnMessage[]> {
  const messages: TranscriptTurnMessage[] = []
  const read = await readTranscript({ root, workspace, sessionId }, { turns: true })
  for await (const message of read ?? []) messages.push(message)
  return messages
}
