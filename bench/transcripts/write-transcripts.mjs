import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export const workspace = 'demo.alive.best'
/** The agent's working folder. */
export const dir = '/srv/demo'

/**
 * Writes transcripts where Claude does, with the entries that it writes for a conversation without tools.
 *
 * @param {string} root
 * @param {{ readonly transcripts: number, readonly messages: number }} counts `messages` in each.
 * @returns {Promise<readonly string[]>} Their session ids.
 */
export async function writeTranscripts(root, { transcripts, messages }) {
  const project = join(root, workspace, '.claude', 'projects', dir.replaceAll(/[^A-Za-z0-9]/g, '-'))
  await mkdir(project, { recursive: true })
  const ids = Array.from({ length: transcripts }, () => randomUUID())
  for (const id of ids) await writeFile(join(project, `${id}.jsonl`), transcript(id, messages))
  return ids
}

/**
 * @param {string} sessionId
 * @param {number} messages
 */
function transcript(sessionId, messages) {
  /** @type {string | null} */
  let parentUuid = null
  const lines = Array.from({ length: messages }, (_, number) => {
    const uuid = randomUUID()
    const type = number % 2 === 0 ? 'user' : 'assistant'
    const line = JSON.stringify({
      parentUuid,
      isSidechain: false,
      type,
      message: { role: type, content: [{ type: 'text', text }], ...(type === 'assistant' && answer(number)) },
      uuid,
      timestamp: new Date(1_790_000_000_000 + number * 1_000).toISOString(),
      userType: 'external',
      entrypoint: 'sdk-ts',
      cwd: dir,
      sessionId,
      version: '2.1.330',
      gitBranch: 'HEAD',
    })
    parentUuid = uuid
    return line
  })
  return `${lines.join('\n')}\n`
}

const text = 'The conversation goes on where it was left off. '.repeat(8)

/** @param {number} number */
function answer(number) {
  const usage = { input_tokens: 11, output_tokens: 40, cache_creation_input_tokens: 7, cache_read_input_tokens: 5 }
  return { id: `msg_${number}`, type: 'message', model: 'claude-opus-5-5', stop_reason: 'end_turn', usage }
}
