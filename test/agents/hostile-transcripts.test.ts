import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, renameSync, symlinkSync, truncateSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  claudeEnv,
  listTranscripts,
  readTranscript,
  summarizeTranscript,
  transcriptExists,
} from '../../src/agents/claude/index.js'
import { isLeftoffError } from '../../src/core/error.js'
import { assistantEntry, transcriptFolder, userEntry, uuid, workspace } from './transcript-folder.js'

const sessionId = uuid(999)
const hello = [userEntry(1, null, 'Hello'), assistantEntry(2, 1, 'Hello Ada.')]
const hostileNames = [
  '',
  '.',
  '..',
  '../x',
  'a/../../x',
  '/etc',
  'a/b',
  'a\\b',
  '..\\x',
  'C:',
  'a\0',
  'a\n',
  '~',
  '.hidden',
  'a.',
  ' ',
  'é',
  '%2e%2e',
  'x'.repeat(201),
  'con',
  'NUL',
  'aux.txt',
  'Com1.alive.best',
  'lpt9',
]

describe('names from outside', () => {
  it('give a folder right below the root, or are refused', () => {
    const name = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(...hostileNames, 'demo.alive.best'),
    )
    fc.assert(
      fc.property(name, (text) => {
        const folder = folderOf(text)
        if (folder === undefined) return
        expect(dirname(dirname(folder))).toBe('/srv/root')
        expect(folder).toBe(`/srv/root/${text}/.claude`)
      }),
    )
    expect(folderOf('demo.alive.best')).toBe('/srv/root/demo.alive.best/.claude')
  })

  it.each(hostileNames)('as workspace: %j is refused by every function', async (hostile) => {
    const { root } = transcriptFolder()
    const of = { root, workspace: hostile, sessionId }
    for (const call of [transcriptExists, summarizeTranscript, readTranscript, listTranscripts]) {
      await expect(call(of)).rejects.toMatchObject({
        code: 'invalid-argument',
        message: expect.stringContaining('Use a name like'),
      })
    }
  })

  it.each([...hostileNames, `../${sessionId}`, `${sessionId}/..`, `${sessionId}\n`, 'a title'])(
    'as session id: %j is refused',
    async (hostile) => {
      const { root, write } = transcriptFolder()
      write(sessionId, hello)
      for (const call of [transcriptExists, summarizeTranscript, readTranscript]) {
        await expect(call({ root, workspace, sessionId: hostile })).rejects.toMatchObject({ code: 'invalid-argument' })
      }
    },
  )

  it('makes the folder absolute, since the agent works in another one', () => {
    expect(claudeEnv({ root: 'sessions', workspace })).toEqual({
      CLAUDE_CONFIG_DIR: join(process.cwd(), 'sessions', workspace, '.claude'),
    })
    expect(claudeEnv({ workspace }).CLAUDE_CONFIG_DIR).toBe('/var/lib/claude-sessions/demo.alive.best/.claude')
  })
})

describe('links that an agent could have put there', () => {
  it('are no transcripts, as a file or as a project', async () => {
    const { root, write, projects } = transcriptFolder()
    const elsewhere = transcriptFolder()
    const secret = elsewhere.write(sessionId, hello)
    write(uuid(1), hello)
    symlinkSync(secret, join(projects, '-srv-demo', `${sessionId}.jsonl`))
    symlinkSync(dirname(secret), join(projects, '-srv-link'))
    expect(await transcriptExists({ root, workspace, sessionId })).toBe(false)
    expect(await summarizeTranscript({ root, workspace, sessionId })).toBeUndefined()
    expect((await listTranscripts({ root, workspace })).map((summary) => summary.sessionId)).toEqual([uuid(1)])
  })

  it.each([[''], ['.claude'], ['.claude/projects']])('are refused as %j of the workspace', async (folder) => {
    const { root } = transcriptFolder()
    const elsewhere = transcriptFolder()
    elsewhere.write(sessionId, hello)
    const link = join(root, workspace, folder)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(elsewhere.root, workspace, folder), link)
    for (const call of [transcriptExists, listTranscripts]) {
      await expect(call({ root, workspace, sessionId })).rejects.toMatchObject({
        code: 'transcript-unreadable',
        message: expect.stringContaining('Let root itself be the link'),
      })
    }
  })

  it('may be the root itself, as of a shared disk', async () => {
    const { root, write } = transcriptFolder()
    write(sessionId, hello)
    const link = join(transcriptFolder().root, 'sessions')
    symlinkSync(root, link)
    expect(await summarizeTranscript({ root: link, workspace, sessionId })).toMatchObject({ messageCount: 2 })
  })

  it('and folders and named pipes with the name of a transcript are none', async () => {
    const { root, write, projects } = transcriptFolder()
    write(uuid(1), hello)
    mkdirSync(join(projects, '-srv-demo', `${uuid(2)}.jsonl`))
    execFileSync('mkfifo', [join(projects, '-srv-demo', `${sessionId}.jsonl`)])
    expect(await summarizeTranscript({ root, workspace, sessionId })).toBeUndefined()
    expect(await listTranscripts({ root, workspace })).toHaveLength(1)
  })
})

describe('damaged transcripts', () => {
  it('lose what cannot be read and nothing else', async () => {
    const { root, write } = transcriptFolder()
    const [first, second] = hello.map((entry) => JSON.stringify(entry))
    const noise = [
      '\0\0\0',
      '{"half',
      '[]',
      'null',
      '"uuid"',
      '{"uuid":1}',
      '{"uuid":"x","parentUuid":{}}x',
      '\ufffd'.repeat(9),
    ]
    write(sessionId, [...noise, first, '', ...noise, second, ...noise, '{"parentUuid":"'].join('\n'))
    expect(await summarizeTranscript({ root, workspace, sessionId })).toMatchObject({ messageCount: 2 })
  })

  it('may end in the middle of a character', async () => {
    const { root, write } = transcriptFolder()
    const whole = Buffer.from(hello.map((entry) => JSON.stringify(entry)).join('\n'))
    const cut = Buffer.from(JSON.stringify(userEntry(3, 2, 'Schöne Grüße 👋'))).subarray(0, -170)
    write(sessionId, Buffer.concat([whole, Buffer.from('\n'), cut]))
    expect(await summarizeTranscript({ root, workspace, sessionId })).toMatchObject({
      messageCount: 2,
      lastMessagePreview: 'Hello Ada.',
    })
  })

  it('whose beginning is lost are read from where they begin', async () => {
    const { root, write } = transcriptFolder()
    write(sessionId, [userEntry(7, 6, 'after the loss')])
    expect(await summarizeTranscript({ root, workspace, sessionId })).toMatchObject({ messageCount: 1 })
  })

  it('whose entries are each the parent of the other come to an end', async () => {
    const { root, write } = transcriptFolder()
    write(sessionId, [userEntry(1, 2, 'one'), userEntry(2, 1, 'two')])
    expect(await summarizeTranscript({ root, workspace, sessionId })).toMatchObject({ messageCount: 0 })
  })

  it('of a gigabyte in one line need no more memory than small ones', async () => {
    const { root, write } = transcriptFolder()
    const [first, second] = hello.map((entry) => `${JSON.stringify(entry)}\n`)
    const path = write(sessionId, first ?? '')
    // A hole: it takes no room on the disk and reads as one line of zeros.
    truncateSync(path, 1024 ** 3)
    await appendFile(path, `\n${second}`)
    const before = process.resourceUsage().maxRSS
    expect(await summarizeTranscript({ root, workspace, sessionId })).toMatchObject({
      messageCount: 2,
      lastMessagePreview: 'Hello Ada.',
    })
    const texts: string[] = []
    for await (const { text } of (await readTranscript({ root, workspace, sessionId })) ?? []) texts.push(text)
    expect(texts).toEqual(['Hello', 'Hello Ada.'])
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(200 * 1024)
  }, 30_000)

  it('of 200 MB need no more memory than a few of their lines', async () => {
    const { root, write } = transcriptFolder()
    const path = write(sessionId, '')
    const result = { message: { role: 'user', content: [{ type: 'tool_result', content: 'x'.repeat(1024 ** 2) }] } }
    for (let number = 1; number <= 200; number++) {
      appendFileSync(path, `${JSON.stringify(userEntry(number, number - 1 || null, '', result))}\n`)
    }
    appendFileSync(path, JSON.stringify(userEntry(201, 200, 'Hello')))
    const before = process.resourceUsage().maxRSS
    expect(await summarizeTranscript({ root, workspace, sessionId })).toMatchObject({ messageCount: 1 })
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(100 * 1024)
  }, 30_000)

  it('that go away before they are read give nothing', async () => {
    const { root, write } = transcriptFolder()
    const path = write(sessionId, hello)
    const transcript = await readTranscript({ root, workspace, sessionId })
    renameSync(path, `${path}.gone`)
    const texts: string[] = []
    for await (const { text } of transcript ?? []) texts.push(text)
    expect(texts).toEqual([])
  })
})

function folderOf(name: string): string | undefined {
  try {
    return claudeEnv({ root: '/srv/root', workspace: name }).CLAUDE_CONFIG_DIR
  } catch (error) {
    if (isLeftoffError(error, 'invalid-argument')) return undefined
    throw error
  }
}
