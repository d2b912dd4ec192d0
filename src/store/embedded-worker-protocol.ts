/** What the thread of the embedded database is asked, and answers. */
export interface Opening {
  /** Folder of the database; null keeps it in memory. */
  readonly folder: string | null
  /** Path of a gzipped tar of a data folder to start from, where the folder is new. */
  readonly dump: string | null
}

export type Request =
  | ({ readonly id: number; readonly do: 'open' } & Opening)
  | { readonly id: number; readonly do: 'run'; readonly bytes: Uint8Array }
  | { readonly id: number; readonly do: 'dump' }
  | { readonly id: number; readonly do: 'close' }

export type Answer =
  | { readonly id: number; readonly bytes: Uint8Array | null }
  | { readonly id: number; readonly failure: string }
