/** What the process that trains says to the one that started it. */
import type { ErrorCode } from '../contracts/errors.ts'

export type ChildAnswer =
  | { readonly kind: 'progress'; readonly share: number; readonly phase: string }
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string }
