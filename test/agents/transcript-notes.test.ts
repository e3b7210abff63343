import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { readTranscript } from '../../src/agents/claude/index.js'
import {
  emptyAnswers,
  noteBeginnings,
  noteElements,
  noteFields,
  noteModel,
} from '../../src/agents/claude/transcript-notes.js'
import { assistantEntry, transcriptFolder, userEntry, uuid, workspace } from './transcript-folder.js'

const sessionId = uuid(999)
const guide = readFileSync(new URL('../../docs/transcripts.md', import.meta.url), 'utf8')
const notes = guide.slice(guide.indexOf("## The notes of the SDK's process"), guide.indexOf('## Cost and safety'))

it('the notes in the guide are those that are left out', () => {
  const documented = [...notes.matchAll(/`([^`]+)`/g)].map(([, name]) => name)
  const origins = ['task-notification', 'isSidechain', 'teamName']
  const elements = noteElements.map((name) => `<${name}>`)
  const fields = noteFields.map(([name]) => name)
  const all = [...fields, noteModel, ...origins, ...emptyAnswers, ...noteBeginnings, ...elements]
  expect(documented.toSorted()).toEqual(all.toSorted())
})

it.each([
  ...noteElements.map((name) => `<${name}>anything</${name}>`),
  ...noteElements.map((name) => `  <${name} id="1">cut off`),
  ...noteBeginnings.map((beginning) => `${beginning} …`),
])('%j is no message of the user', async (text) => {
  expect(await textsOf([userEntry(1, null, 'q1'), userEntry(2, 1, text), userEntry(3, 2, 'q2')])).toEqual(['q1', 'q2'])
})

it.each([
  '<div>What is wrong with this?</div>',
  '<command-names>',
  'Why does it print <system-reminder>?',
  'It said "[Request interrupted by user]".',
])('%j is one', async (text) => {
  expect(await textsOf([userEntry(1, null, text)])).toEqual([text])
})

it('what a user wrote behind a note is a message', async () => {
  const text = '<ide_selection>let x</ide_selection>\n<system-reminder>Be brief.</system-reminder>\nWhat is this?'
  expect(await textsOf([userEntry(1, null, text)])).toEqual(['What is this?'])
})

it('an answer may begin like a note', async () => {
  const text = '<system-reminder> is an element that …'
  expect(await textsOf([userEntry(1, null, 'q1'), assistantEntry(2, 1, text)])).toEqual(['q1', text])
})

it('what came over a channel is a message, whatever else it is marked as', async () => {
  const entry = userEntry(1, null, 'Hello from the channel', { isMeta: true, origin: { kind: 'channel' } })
  expect(await textsOf([entry])).toEqual(['Hello from the channel'])
})

async function textsOf(entries: readonly object[]): Promise<string[]> {
  const { root, write } = transcriptFolder()
  write(sessionId, entries)
  const texts: string[] = []
  for await (const { text } of (await readTranscript({ root, workspace, sessionId })) ?? []) texts.push(text)
  return texts
}
