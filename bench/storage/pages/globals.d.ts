import type { Bench } from './measure.mjs'

declare global {
  /** When this page's script started, before any library ran: set by the first line of each bundle. */
  var pageStart: number
  /** What the bench asks of this page. */
  var bench: Bench
}
