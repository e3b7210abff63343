// Closes a run with `N passed, N failed`, and makes it fail when a project ran nothing or a test was skipped: a suite that
// silently shrinks looks just like one that passes. A run narrowed by file or by title on the command line may skip.

export default class StrictReporter {
  /** @type {import('vitest/node').Vitest | undefined} */
  #vitest

  /** @param {import('vitest/node').Vitest} vitest */
  onInit(vitest) {
    this.#vitest = vitest
  }

  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly import('vitest/node').SerializedError[]} errors
   */
  onTestRunEnd(modules, errors) {
    const vitest = this.#vitest
    if (!vitest) return
    let passed = 0
    let failed = errors.length
    const skipped = []
    const projectsWithTests = new Set()
    for (const module of modules) {
      // A file that could not be loaded has no tests, and one failure.
      failed += module.errors().length
      for (const test of module.children.allTests()) {
        projectsWithTests.add(module.project.name)
        const { state } = test.result()
        if (state === 'passed') passed += 1
        else if (state === 'failed') failed += 1
        else skipped.push(`${module.project.name}: ${module.relativeModuleId}: ${test.fullName}`)
      }
    }
    // Set by vitest when files are named on the command line, though its types keep it private.
    const files = 'filenamePattern' in vitest ? vitest.filenamePattern : undefined
    const isNarrowed = vitest.config.watch || vitest.config.testNamePattern !== undefined || files !== undefined
    if (!isNarrowed) {
      const empty = vitest.projects.map((project) => project.name).filter((name) => !projectsWithTests.has(name))
      for (const name of empty) console.error(`Project ${name} ran no test.`)
      for (const test of skipped) console.error(`Skipped: ${test}`)
      failed += empty.length + skipped.length
    }
    if (failed > 0) process.exitCode = 1
    console.log(`${passed} passed, ${failed} failed`)
  }
}
