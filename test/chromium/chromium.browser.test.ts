import { expect, it } from 'vitest'

// What a fake DOM lacks and the browser tests rely on. Fails, rather than passes in vain, where they would run elsewhere.
it('is a browser with storage, locks and channels of its own', async () => {
  expect(navigator.userAgent).toContain('Chrome/')
  localStorage.setItem('leftoff-test', 'kept')
  expect(localStorage.getItem('leftoff-test')).toBe('kept')
  localStorage.removeItem('leftoff-test')
  await expect(navigator.locks.request('leftoff-test', (lock) => lock?.name)).resolves.toBe('leftoff-test')
  new BroadcastChannel('leftoff-test').close()
  const text = document.body.appendChild(document.createElement('span'))
  text.textContent = 'text has a font'
  expect(text.getBoundingClientRect().width).toBeGreaterThan(20)
})
