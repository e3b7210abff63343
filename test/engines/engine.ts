import type { LocksMode } from '../e2e/storage/locks-mode.js'
import type { AdapterName } from '../e2e/storage/storage-site.js'

/** A browser engine with a profile that outlives it, on the site of the storage tests. */
export interface Engine {
  /** Opens a tab, and the browser if need be. Each `origin` has a storage of its own. */
  open(origin: string, options?: OpenOptions): Promise<EnginePage>
  /** Does in the page what opens another tab; resolves to it once its script has run. */
  opened(page: EnginePage, run: () => void): Promise<EnginePage>
  /** Closes the browser in an orderly way. */
  close(): Promise<void>
  /** Closes and deletes everything. */
  end(): Promise<void>
}

interface OpenOptions {
  /** `dexie` when omitted. */
  readonly adapter?: AdapterName
  /** `working` when omitted. */
  readonly locks?: LocksMode
}

/** A tab whose script has run. */
export interface EnginePage {
  /** Runs a function in the page, without what is around it. What it gives travels as JSON. */
  evaluate<Result>(run: () => Result | Promise<Result>): Promise<Result>
  url(): Promise<string>
  goto(url: string): Promise<void>
  reload(): Promise<void>
  goBack(): Promise<void>
  close(): Promise<void>
}
