import { expect, it } from 'vitest'
import { messages } from './demo.js'
import { shareDemo } from './shared-demo.js'

// Almost two seconds to the first word: long enough to be reloaded.
const demo = shareDemo({ agentPace: 5 })

it('a reload before the answer shows the message that was sent, and the answer continues, once', async () => {
  const page = await demo.visit()
  await page.getByTestId('composer').fill('my name is Ada')
  await Promise.all([
    page.waitForResponse((response) => response.url().endsWith('/api/turn')),
    page.getByTestId('composer').press('Enter'),
  ])
  await page.reload()
  await expect.poll(() => messages(page)).toHaveLength(1)
  await page.locator('[data-testid=message][data-role=assistant]').getByText('Ada').waitFor()
  await expect.poll(() => messages(page)).toHaveLength(2)
  await page.reload()
  await page.locator('[data-topic=resumed]').waitFor()
  await expect.poll(() => messages(page)).toHaveLength(2)
})
