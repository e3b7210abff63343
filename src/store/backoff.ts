/** How long to wait after the `failures`-th failure in a row: 1 s, 2 s, 4 s … 30 s at most. */
export function backoffMs(failures: number): number {
  return Math.min(1_000 * 2 ** (failures - 1), 30_000)
}
