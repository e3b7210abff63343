import { wellFormed } from '../../core/checks.js'
import { firstCodePoints } from '../../core/text.js'

/** The part of a Standard Schema (https://standardschema.dev) that checks a value. */
export interface StandardSchema<Output> {
  readonly '~standard': {
    /** The value as the app is to get it, or what is wrong with it. */
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
  }
}

/** What a Standard Schema made of a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] }

/** What a message is when the app does not say: a text that any database can store. */
export const textInput: StandardSchema<string> = {
  '~standard': {
    validate: (value) =>
      typeof value === 'string' && value.trim() !== '' && firstCodePoints(value, maxLength) === value
        ? { value: wellFormed(value) }
        : { issues: [{ message: `A message is a text of 1 to ${maxLength} characters.` }] },
  },
}

const maxLength = 8_000
