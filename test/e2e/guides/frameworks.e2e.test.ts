import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright'
import { compile } from 'svelte/compiler'
import { beforeAll, describe, expect, it } from 'vitest'
import { compileScript, parse } from 'vue/compiler-sfc'
import { chromiumLaunchOptions } from '../../chromium/find-chromium.js'
import { bundlePage } from '../../support/bundle-page.js'
import { readGuide, writeFiles } from '../../support/guide-files.js'
import { installPacked } from '../../support/install-packed.js'
import { serve } from '../../support/serve.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
let browser: Browser
let address: string
const complaints: string[] = []

/** The block of the page in another language, which begins with a comment that names its file. */
async function component(language: 'vue' | 'svelte'): Promise<string> {
  const text = await readFile(join(root, 'docs/frameworks.md'), 'utf8')
  const block = new RegExp(`^\`\`\`${language}\\n<!-- .* -->\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(text)?.[1]
  if (block === undefined) throw new Error(`The page has no ${language} component.`)
  return block
}

beforeAll(async () => {
  await mkdir(join(root, '.cache'), { recursive: true })
  const folder = await mkdtemp(join(root, '.cache/frameworks-'))
  const { descriptor } = parse(await component('vue'))
  const vue = compileScript(descriptor, { id: 'app', inlineTemplate: true }).content
  const svelte = compile(await component('svelte'), { filename: 'App.svelte', generate: 'client' }).js.code
  const guide = await readGuide('docs/frameworks.md')
  await installPacked(folder)
  await writeFiles(folder, [
    ...guide,
    ['src/App.vue.ts', vue],
    ['src/App.svelte.js', svelte],
    ['src/vue.ts', `import { createApp } from 'vue'\nimport App from './App.vue'\ncreateApp(App).mount(document.body)`],
    [
      'src/svelte.ts',
      `import { mount } from 'svelte'\nimport App from './App.svelte'\nmount(App, { target: document.body })`,
    ],
  ])
  const pages = { '/plain.js': 'src/main.ts', '/vue.js': 'src/vue.ts', '/svelte.js': 'src/svelte.ts' }
  const scripts = new Map<string, string>()
  for (const [path, page] of Object.entries(pages)) scripts.set(path, await bundlePage(join(folder, page)))
  await rm(folder, { recursive: true })
  const server = createServer(({ url = '/' }, response) => {
    const script = scripts.get(url)
    response.writeHead(200, { 'Content-Type': `text/${script ? 'javascript' : 'html'}; charset=utf-8` })
    response.end(
      script ??
        `<!doctype html><title>Chat</title><link rel="icon" href="data:,"><body><script type="module" src="${url}.js"></script>`,
    )
  })
  const { port, close } = await serve(server, '127.0.0.1')
  address = `localhost:${port}`
  browser = await chromium.launch(chromiumLaunchOptions())
  return async () => {
    await browser.close()
    await close()
  }
})

describe.each(['plain', 'vue', 'svelte'])('the chat of the page without React: %s', (name) => {
  const idOf = (page: Page) => page.locator('#conversation').textContent()
  const draftOf = (page: Page) => page.getByLabel('Message').inputValue()

  it('resumes with its draft, lists, switches, and watches what another tab has', async () => {
    const context = await browser.newContext()
    context.on('weberror', (error) => complaints.push(String(error.error())))
    const open = async () => {
      const page = await context.newPage()
      await page.goto(`http://${name}.${address}/${name}`)
      await expect.poll(() => idOf(page)).toMatch(/^[0-9a-f-]{36}$/)
      return page
    }
    const page = await open()
    const first = await idOf(page)
    await page.getByLabel('Message').fill('Hello there')
    await page.locator('#send').click()
    await page.getByRole('button', { name: 'Hello there' }).waitFor()
    expect(await draftOf(page)).toBe('')
    await page.getByLabel('Message').pressSequentially('half a thought')
    await page.reload()
    await expect.poll(() => idOf(page)).toBe(first)
    await expect.poll(() => draftOf(page)).toBe('half a thought')

    await page.locator('#new').click()
    await expect.poll(() => idOf(page)).not.toBe(first)
    await expect.poll(() => draftOf(page)).toBe('')
    await page.getByRole('button', { name: 'Hello there' }).click()
    await expect.poll(() => idOf(page)).toBe(first)
    await expect.poll(() => draftOf(page)).toBe('half a thought')

    const other = await open()
    expect(await idOf(other)).not.toBe(first)
    await other.getByRole('button', { name: 'Hello there' }).click()
    await other.locator('#take-over').click()
    await expect.poll(() => other.locator('#send').isEnabled()).toBe(true)
    await expect.poll(() => page.locator('#send').isEnabled()).toBe(false)
    await page.locator('#take-over').waitFor()
    expect(complaints).toEqual([])
    await context.close()
  })
})
