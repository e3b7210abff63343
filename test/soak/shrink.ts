import type { Action, Scene } from './actions.js'

/**
 * The fewest actions with which `fails` still holds, found by leaving out ever smaller parts (delta debugging), and then the least
 * time between them. Gives up after `budget` tries with what it has.
 */
export async function shrink(scene: Scene, fails: (scene: Scene) => Promise<boolean>, budget = 600): Promise<Scene> {
  let tries = 0
  let actions = scene.actions

  async function keep(candidate: readonly Action[]): Promise<boolean> {
    if (tries >= budget) return false
    tries++
    if (!(await fails({ ...scene, actions: candidate }))) return false
    actions = candidate
    return true
  }

  for (let size = Math.ceil(actions.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    let hasShrunk = true
    while (hasShrunk) {
      hasShrunk = false
      for (let start = actions.length - size; start >= 0; start -= size) {
        if (await keep(actions.filter((_, at) => at < start || at >= start + size))) hasShrunk = true
      }
      if (size > 1) break
    }
  }
  for (const [at, { wait }] of actions.entries()) {
    for (const shorter of [undefined, 0, 300, 1_100]) {
      if (shorter === wait || (wait ?? -1) < (shorter ?? -1)) break
      if (await keep(actions.map((action, index) => (index === at ? withWait(action, shorter) : action)))) break
    }
  }
  return { ...scene, actions }
}

function withWait({ wait: _wait, ...action }: Action, wait: number | undefined): Action {
  return wait === undefined ? action : { ...action, wait }
}
