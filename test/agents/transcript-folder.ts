import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

export const workspace = 'demo.alive.best'

/** A UUID for a number. */
export function uuid(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
}

/** A root of this test's own, with a way to put transcripts where Claude does. */
export function transcriptFolder() {
  const root = mkdtempSync(join(tmpdir(), 'leftoff-transcripts-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const projects = join(root, workspace, '.claude', 'projects')
  return {
    root,
    projects,
    write(
      sessionId: string,
      content: string | Buffer | readonly object[],
      { project = '-srv-demo', at = 0 } = {},
    ): string {
      const path = join(projects, project, `${sessionId}.jsonl`)
      mkdirSync(dirname(path), { recursive: true })
      const isEntries = typeof content !== 'string' && !Buffer.isBuffer(content)
      writeFileSync(path, isEntries ? content.map((entry) => `${JSON.stringify(entry)}\n`).join('') : content)
      utimesSync(path, at / 1000, at / 1000)
      return path
    },
  }
}

/** What a user says, as Claude writes it down. */
export function userEntry(number: number, parent: number | null, text: string, more: object = {}) {
  return entry('user', number, parent, { role: 'user', content: [{ type: 'text', text }] }, more)
}

/** A part of an answer, as Claude writes it down. */
export function assistantEntry(number: number, parent: number | null, content: string | object[], more: object = {}) {
  const { id = `msg_${number}`, usage, ...fields }: { id?: string; usage?: object } = more
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : content
  return entry('assistant', number, parent, { id, role: 'assistant', model: 'm', content: blocks, usage }, fields)
}

function entry(type: string, number: number, parent: number | null, message: object, more: object) {
  return {
    parentUuid: parent === null ? null : uuid(parent),
    isSidechain: false,
    type,
    message,
    uuid: uuid(number),
    timestamp: new Date(1_700_000_000_000 + number).toISOString(),
    cwd: '/srv/demo',
    ...more,
  }
}
