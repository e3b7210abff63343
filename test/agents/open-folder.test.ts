import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { byPath, type OpenFolder, openFolder } from '../../src/agents/claude/open-folder.js'

/** A root with `a/b/mine.txt`, and beside it `other/mine.txt`. */
function setUp() {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'leftoff-folder-')))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const [folder, text] of [
    ['a/b', 'mine'],
    ['other', 'theirs'],
  ] as const) {
    mkdirSync(join(root, folder), { recursive: true })
    writeFileSync(join(root, folder, 'mine.txt'), text)
  }
  const swap = () => {
    renameSync(join(root, 'a/b'), join(root, 'a/aside'))
    symlinkSync(join(root, 'other'), join(root, 'a/b'))
  }
  return { root, swap }
}

async function textIn(folder: OpenFolder | undefined): Promise<string | undefined> {
  const file = await folder?.file('mine.txt')
  const text = await file?.readFile('utf8')
  await file?.close()
  return text
}

// On Linux folders are reached by their handles; the other way is for everywhere else.
describe.each([
  ['by handle', openFolder],
  ['by path', byPath],
])('a folder opened %s', (way, open) => {
  it('lists, describes and opens what is in it', async () => {
    const { root } = setUp()
    const folder = await open(root, ['a', 'b'])
    expect((await folder?.list())?.map(({ name }) => name)).toEqual(['mine.txt'])
    expect((await folder?.stat('mine.txt'))?.size).toBe(4)
    expect(await folder?.stat('none')).toBeUndefined()
    expect(await textIn(folder)).toBe('mine')
    expect(await folder?.file('none')).toBeUndefined()
    expect(await folder?.folder('mine.txt')).toBeUndefined()
    await folder?.close()
  })

  it('is not there when it is missing, and refused when a link leads to it', async () => {
    const { root, swap } = setUp()
    expect(await open(root, ['a', 'none'])).toBeUndefined()
    swap()
    await expect(open(root, ['a', 'b'])).rejects.toMatchObject({ code: 'transcript-unreadable' })
  })

  it('gives neither folders nor files that are links', async () => {
    const { root, swap } = setUp()
    swap()
    symlinkSync(join(root, 'other/mine.txt'), join(root, 'a/mine.txt'))
    const folder = await open(root, ['a'])
    expect(await folder?.folder('b')).toBeUndefined()
    expect(await folder?.file('mine.txt')).toBeUndefined()
    expect((await folder?.stat('mine.txt'))?.isSymbolicLink()).toBe(true)
    await folder?.close()
  })

  it('gives nothing of another one that is swapped in afterwards', async () => {
    const { root, swap } = setUp()
    const outer = await open(root, ['a'])
    const folder = await outer?.folder('b')
    swap()
    // The handle still is the folder it was; by path there is nothing more to be had.
    expect(await textIn(folder)).toBe(way === 'by handle' && process.platform === 'linux' ? 'mine' : undefined)
    expect(await folder?.stat('mine.txt')).toEqual(way === 'by handle' ? expect.anything() : undefined)
    expect(await outer?.folder('b')).toBeUndefined()
    await folder?.close()
    await outer?.close()
  })
})
