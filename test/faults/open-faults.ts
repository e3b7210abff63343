/** The faults that were found in the store, its adapters and claims. A letter is one more situation of the same kind. */
export const faultIds = [
  'S1', // a device whose clock is 100 days ahead removes an account's rows
  'S2', // a message of a clock that was a year ahead stays on top
  'S3', // one slow answer of the locks, and two tabs have one conversation
  'S4', // a page that comes back late purges what was written after the sign-out
  'S5', // a sign-out signs out the users of other tabs
  'S6', // a user who left and came back is taken for one who signed out
  'S7', // a sign-out after the user left forgets nothing
  'S8', // what an older app left goes to whoever opens next: left before the sign-out
  'S8b', // written again after it was imported
  'S9', // a save whose answer is lost is counted twice
  'S9b', // and puts its older text over newer
  'S10', // an offline device's earlier texts replace later ones
  'S11', // what is said while a conversation opens is not waited for by flush
  'S11b', // and is gone with the page
  'S11c', // what is said about one that cannot be read
  'S11d', // what is said while another tab has it
  'S12', // one read that never answers, and nothing settles any more
  'S13', // an opening that nobody settles
  'S14', // a user who left for a moment gets another conversation
  'S14b', // so does a store that is made again
  'S15', // a removal that fails beside a save
  'S16', // an adapter that is an instance of a class
  'S17', // numbers that are saved and cannot be read, without end
  'S18', // rows that are accepted and never listed
  'S19', // localStorage and a killed browser
  'S20', // a localStorage that is null
  'S21', // older data with times in seconds
  'S21b', // older data as JSON in JSON
  'S22', // rows removed for room, at each visit
  'S23', // a cleared storage is filled again
  'S24', // a store that is made again without the first being disposed
  'S24b', // two panels after a reload
  'S24c', // two workspaces under one provider
  'S25', // a database whose first opening never answers
  'S26', // paging over rows of a newer version
  'S27', // many new rows under an open localStorage store
  'S28', // a stored time that no date can show
  'S29', // content of older data, although none is to be kept
  'S29b', // content of earlier rows
  'S30', // a listener that throws
  'S31', // timeouts that timers do not know
  'S32', // a workspace that could not be cleared
  'S32b', // a removal beside a save that fails
  'S32c', // another user while the storage is full
  'S33', // a tab that opens after another was closed
  'S34', // what is said in React while the workspace opens again
  'S35', // a sign-out that the user's other tab does not tell of
  'S36', // a sign-out mark that was planted
  'S36b', // anything said on the channels
  'S37', // an initial state with what no session is
  'S38', // a page that closes itself, in WebKit
  'S39', // neither locks nor channels
  'S40', // a wrapped Promise.prototype.then
] as const

export type FaultId = (typeof faultIds)[number]

/** Those that are not mended yet. The soak counts what it finds of them; of any other it fails. */
export const openFaults: readonly FaultId[] = faultIds
