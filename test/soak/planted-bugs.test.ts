import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { plantedBugs } from './planted-bugs.mjs'

it.each(plantedBugs)('there is one place to plant: $what', ({ file, find }) => {
  expect(readFileSync(file, 'utf8').split(find)).toHaveLength(2)
})
