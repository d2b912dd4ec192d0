/** How much each feature matters to a model, as its card says; equal where the card says nothing. */
import { z } from 'zod'
import type { Feature } from '../contracts/features.ts'

const card = z.object({ importance: z.array(z.object({ feature: z.string(), value: z.number().min(0) })) })

/**
 * @returns one weight a feature, in their order
 */
export function cardImportance(content: unknown, features: readonly Feature[]): number[] {
  const parsed = card.safeParse(content)
  if (!parsed.success) return features.map(() => 1)
  const byName = new Map(parsed.data.importance.map(({ feature, value }) => [feature, value]))
  return features.map(({ name }) => byName.get(name) ?? 0)
}
