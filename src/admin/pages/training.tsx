/** Training: bring a file or take a connection, look at it, train; and what became of trainings before. */
import { useFilters } from '../api/query-string.ts'
import { TrainingHome } from './training/home.tsx'
import { TrainingLook, type LookedSource } from './training/look.tsx'

export function TrainingPage() {
  const [filters] = useFilters()
  const source = sourceOf(filters)
  // Another source begins anew: nothing that was chosen for the one before holds.
  return source === null ? <TrainingHome /> : <TrainingLook key={JSON.stringify(source)} source={source} />
}

function sourceOf({ file, connection }: Readonly<Record<string, string>>): LookedSource | null {
  if (file !== undefined) return { file }
  return connection === undefined ? null : { connection }
}
