// The README's moving picture, from the running demo: a message, a reload in the middle of its answer, a closed browser.
// `npm run screenshots` writes docs/images/demo.gif.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import gifenc from 'gifenc'
import { chromium } from 'playwright'
import { PNG } from 'pngjs'
import { runnerImport } from 'vite'

const { GIFEncoder, applyPalette, quantize } = gifenc
const load = async (/** @type {string} */ path) => (await runnerImport(path, { logLevel: 'error' })).module
const { setUpDemo } = await load('./test/e2e/demo.ts')
const { chromiumLaunchOptions } = await load('./test/chromium/find-chromium.ts')

/** @typedef {import('playwright').Page} Page */

const size = { width: 860, height: 620 }
const view = { width: 820, height: 500 }
const maxBytes = 1_500_000
// To look at one by one.
const frameFolder = '.cache/moving-picture'
rmSync(frameFolder, { recursive: true, force: true })
mkdirSync(frameFolder, { recursive: true })

// Slow enough for a reload in the middle, whatever this machine does besides.
const demo = await setUpDemo({ agentPace: 2.5 })
await demo.start()
const stageBrowser = await chromium.launch(chromiumLaunchOptions())
const stage = await stageBrowser.newPage({ viewport: size, colorScheme: 'light' })
/** @type {{ pixels: Uint8Array, ms: number }[]} */
const frames = []
try {
  await stage.setContent(stageHtml())
  await play()
} finally {
  await stageBrowser.close()
  await demo.end()
}
mkdirSync('docs/images', { recursive: true })
const bytes = encode()
writeFileSync('docs/images/demo.gif', bytes)
console.log(`docs/images/demo.gif: ${frames.length} frames, ${Math.round(bytes.length / 1000)} kB`)
if (bytes.length > maxBytes) {
  console.error(`That is more than ${maxBytes / 1000} kB.`)
  process.exitCode = 1
}

async function play() {
  let page = await open()
  await page.locator('.welcome').waitFor()
  await shoot(page, 'A chat, with an agent that takes its time.', 900)

  const message = 'How do you survive a reload?'
  for (let length = 2; length < message.length; length += 3) {
    await page.getByTestId('composer').fill(message.slice(0, length))
    await shoot(page, 'Ask something …', 90)
  }
  await page.getByTestId('composer').fill(message)
  await shoot(page, 'Ask something …', 500)
  await page.getByTestId('composer').press('Enter')
  await page.locator('.writing').waitFor()
  await write(page, '… and while the answer is being written …', /twice runs it/)

  await stage.locator('#reload').evaluate((button) => button.classList.add('pressed'))
  await shoot(page, 'Reload.', 900)
  await page.reload()
  await stage.locator('#reload').evaluate((button) => button.classList.remove('pressed'))
  await page.locator('.writing').waitFor()
  await write(page, 'It goes on where it was. Nothing was asked twice.', /in the middle\./)
  await page.locator('[data-streaming]').waitFor({ state: 'detached' })
  await shoot(page, 'It goes on where it was. Nothing was asked twice.', 1_800)

  await demo.closeBrowser()
  await stage.locator('#window').evaluate((window) => window.classList.add('closed'))
  await shoot(undefined, 'Close the browser …', 1_500)
  page = await open()
  await page.locator('[data-topic=resumed]').waitFor()
  await stage.locator('#window').evaluate((window) => window.classList.remove('closed'))
  await shoot(page, '… and open it again: you are where you left off.', 3_500)
}

async function open() {
  const page = await demo.open('/chat')
  await page.setViewportSize(view)
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  return page
}

/**
 * A frame for each bit of the answer, until it has `until`.
 *
 * @param {Page} page
 * @param {string} caption
 * @param {RegExp} until
 */
async function write(page, caption, until) {
  const answer = page.locator('[data-role=assistant] .text').last()
  let before = ''
  for (;;) {
    const text = (await answer.textContent()) ?? ''
    if (text !== before) await shoot(page, caption, 110)
    before = text
    if (until.test(text) || !(await page.locator('[data-streaming]').count())) return
  }
}

/**
 * @param {Page | undefined} page
 * @param {string} caption
 * @param {number} ms
 */
async function shoot(page, caption, ms) {
  const shown = await page?.screenshot()
  await stage.evaluate(
    async ({ picture, address, said }) => {
      const image = document.querySelector('img')
      const words = document.querySelector('#caption')
      const place = document.querySelector('#address')
      if (!image || !words || !place) throw new Error('The stage has all three.')
      if (picture) image.src = `data:image/png;base64,${picture}`
      if (address) place.textContent = address
      words.textContent = said
      await image.decode().catch(() => {})
    },
    {
      picture: shown?.toString('base64'),
      address:
        page &&
        `localhost/chat${/^\/chat\/.{8}/.test(new URL(page.url()).pathname) ? `/${page.url().slice(-36, -28)}…` : ''}`,
      said: caption,
    },
  )
  const picture = await stage.screenshot()
  writeFileSync(`${frameFolder}/${String(frames.length).padStart(2, '0')}.png`, picture)
  frames.push({ pixels: PNG.sync.read(picture).data, ms })
}

/** One palette for all frames; of each but the first only what changed. */
function encode() {
  const samples = frames.filter((_, index) => index % Math.ceil(frames.length / 6) === 0 || index === frames.length - 1)
  const palette = quantize(joined(samples.map(({ pixels }) => pixels)), 255, { format: 'rgb565' })
  const transparentIndex = palette.length
  palette.push([0, 0, 0])
  const gif = GIFEncoder()
  /** @type {Uint8Array | undefined} */
  let before
  for (const { pixels, ms } of frames) {
    const own = applyPalette(pixels, palette.slice(0, transparentIndex), 'rgb565')
    const last = before
    const changed = last
      ? own.map((/** @type {number} */ color, /** @type {number} */ at) =>
          color === last[at] ? transparentIndex : color,
        )
      : own
    gif.writeFrame(changed, size.width, size.height, {
      ...(last ? {} : { palette }),
      delay: ms,
      transparent: last !== undefined,
      transparentIndex,
      dispose: 1,
    })
    before = own
  }
  gif.finish()
  return gif.bytes()
}

/** @param {readonly Uint8Array[]} parts */
function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** A browser's window, around what the demo shows. */
function stageHtml() {
  return `<!doctype html><style>
    * { box-sizing: border-box }
    body { margin: 0; height: ${size.height}px; display: flex; flex-direction: column; align-items: center; background: #e9efec; font: 500 17px 'DejaVu Sans', sans-serif; color: #1d201d }
    #window { margin-top: 18px; width: ${view.width}px; border-radius: 12px; overflow: hidden; background: #fff; border: 1px solid #c9d2ce }
    #window.closed { visibility: hidden }
    header { height: 40px; display: flex; align-items: center; gap: 10px; padding: 0 14px; background: #f1f4f2; border-bottom: 1px solid #d9dfdc; font-size: 13px; color: #5d6059 }
    i { width: 11px; height: 11px; border-radius: 50%; background: #cfd6d2 }
    #reload { width: 28px; height: 28px; border-radius: 8px; display: grid; place-items: center; margin-left: 8px }
    #reload.pressed { background: #146a5b; color: #fff }
    #address { flex: 1; padding: 4px 12px; border-radius: 8px; background: #fff; border: 1px solid #d9dfdc }
    img { display: block; width: ${view.width}px; height: ${view.height}px }
    #caption { flex: 1; display: grid; place-items: center; margin: 0 }
  </style>
  <div id="window"><header><i></i><i></i><i></i><span id="reload"><svg width="16" height="16" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round"><path d="M20 11a8 8 0 1 0-.6 4M20 4v7h-7"/></svg></span><span id="address"></span></header><img alt=""></div>
  <p id="caption"></p>`
}
