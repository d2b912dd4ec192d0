import { shuffledHints } from './shuffled-hints.ts'

// Many more of them in test/hubspot.
shuffledHints({ runs: 2 })
