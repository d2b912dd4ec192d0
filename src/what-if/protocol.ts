/** What is said to the thread that decides, and what it answers. */
import type { ServiceSettings } from '../settings/service.ts'
import type { WhatIfOutcome } from '../loop/what-if.ts'
import type { WhatIfBook } from './book.ts'

export type Asked =
  | { readonly type: 'hold'; readonly key: string; readonly book: WhatIfBook }
  | { readonly type: 'drop'; readonly key: string }
  /** The base first in the answer. */
  | {
      readonly type: 'compare'
      readonly key: string
      readonly base: ServiceSettings
      readonly changes: readonly { readonly label: string; readonly settings: ServiceSettings }[]
    }
  | {
      readonly type: 'rows'
      readonly key: string
      readonly base: ServiceSettings
      readonly changed: ServiceSettings
      readonly filter: RowFilter
    }

/** Which customers; by place of the action in the catalogue. */
export interface RowFilter {
  readonly moved: boolean
  readonly from: number | null
  readonly to: number | null
  /** Of the customer before, by our number; 0: from the first. */
  readonly after: number
  readonly limit: number
}

/** One customer under both settings; money in major units of the reporting currency. */
export interface WhatIfRow {
  readonly customer: number
  readonly from: number
  readonly to: number
  readonly costNow: number
  readonly costThen: number
  /** NaN: unknown. */
  readonly expectedNow: number
  readonly expectedThen: number
}

export interface Compared {
  readonly outcomes: readonly WhatIfOutcome[]
  /** Milliseconds that it took. */
  readonly ms: number
}

export type Answer =
  | { readonly id: number; readonly value: Compared | readonly WhatIfRow[] | null }
  | { readonly id: number; readonly error: { readonly code: string | null; readonly message: string } }
