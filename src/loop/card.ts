/** What later steps read from a model's card: how much each feature matters, how columns were mapped. */
import { z } from 'zod'
import { parseMapping, type Mapping } from '../../models/features/mapping-file.ts'
import type { Feature } from '../contracts/features.ts'

const card = z.object({ importance: z.array(z.object({ feature: z.string(), value: z.number().min(0) })) })

/**
 * How much each feature matters to a model; equal where its card says nothing.
 *
 * @returns one weight a feature, in their order
 */
export function cardImportance(content: unknown, features: readonly Feature[]): number[] {
  const parsed = card.safeParse(content)
  if (!parsed.success) return features.map(() => 1)
  const byName = new Map(parsed.data.importance.map(({ feature, value }) => [feature, value]))
  return features.map(({ name }) => byName.get(name) ?? 0)
}

/** The mapping of the file that a model was trained on, so that columns of the same name keep their meaning. */
export function cardMapping(content: unknown): Mapping | undefined {
  if (typeof content !== 'object' || content === null || !('mapping' in content)) return undefined
  return parseMapping(JSON.stringify(content.mapping), "the model's card")
}
