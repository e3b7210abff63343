import { createJSONStorage } from 'zustand/middleware'
import { measure } from './measure.mjs'
import { zustandLibrary } from './zustand.mjs'

measure(() =>
  zustandLibrary(
    createJSONStorage(() => localStorage),
    async () => {},
  ),
)
