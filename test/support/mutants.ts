import { readFileSync } from 'node:fs'
import ts from 'typescript'
import type * as Change from '../../src/core/apply-change.js'

/** One change of a source text, which tests must notice. */
export interface Mutant {
  readonly name: string
  readonly from: string
  readonly to: string
}

/** `source` with the mutant's change. Throws if the source does not have its text exactly once. */
export function mutated(source: string, { name, from, to }: Mutant): string {
  const parts = source.split(from)
  if (parts.length !== 2) throw new Error(`Mutant "${name}": its text occurs ${parts.length - 1} times. Update it.`)
  return parts.join(to)
}

/** The module `apply-change.ts` with a mutant in it or in the texts that it compares. */
export async function mutatedChange(mutant: Mutant): Promise<typeof Change> {
  const [text, change] = ['text.ts', 'apply-change.ts'].map((name) =>
    readFileSync(new URL(`../../src/core/${name}`, import.meta.url), 'utf8'),
  )
  const whole = mutated(`${text}\n${change}`, mutant).replace(/^import .* from '\.\/(text|session)\.js'$/gm, '')
  const { outputText } = ts.transpileModule(whole, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  })
  return import(/* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(outputText).toString('base64')}`)
}
