/**
 * Puts the text in the page.
 *
 * @param {string} text
 * @returns {Promise<number>} When it was painted (https://wicg.github.io/element-timing/), `NaN` for an empty text, which never is.
 */
export async function paint(text) {
  if (text === '') return Number.NaN
  const shown = document.createElement('p')
  shown.setAttribute('elementtiming', 'shown')
  shown.textContent = text
  document.body.append(shown)
  return new Promise((resolve) => {
    new PerformanceObserver((list) => resolve(list.getEntries()[0]?.startTime ?? Number.NaN)).observe({
      type: 'element',
      buffered: true,
    })
  })
}
