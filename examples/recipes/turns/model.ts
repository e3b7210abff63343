import type { LanguageModel } from 'ai'

/** A model of yours, such as `openai('gpt-5-mini')` of `@ai-sdk/openai`. */
export declare const model: LanguageModel
