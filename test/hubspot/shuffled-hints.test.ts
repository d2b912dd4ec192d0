import { shuffledHints } from '../loop/shuffled-hints.ts'

shuffledHints({ runs: 25 })
